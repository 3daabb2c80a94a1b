// Which point is meant by a place, and which lie in a box: points sorted into the cells of a grid.
// Does not know pixels: places are in the map's units.

import type { Extent, Points } from "./points.ts";

export interface Cells {
  points: Points;
  extent: Extent;
  across: number; // cells
  up: number;
  starts: Uint32Array; // of each cell in `rows`, and one more: the end
  rows: Uint32Array;
}

const POINTS_A_CELL = 4;
const MOST_CELLS_A_SIDE = 1024;

/** 1,000,000 points take some 60 ms, once. */
export function cellsOf(points: Points, extent: Extent): Cells {
  const side = Math.min(Math.max(Math.ceil(Math.sqrt(points.count / POINTS_A_CELL)), 1), MOST_CELLS_A_SIDE);
  const cells: Cells = { points, extent, across: side, up: side, starts: new Uint32Array(side * side + 1), rows: new Uint32Array(points.count) };
  const of = new Uint32Array(points.count);
  for (let i = 0; i < points.count; i++) {
    of[i] = row(cells, points.y[i]!) * side + column(cells, points.x[i]!);
    cells.starts[of[i]! + 1]!++;
  }
  for (let c = 0; c < side * side; c++) cells.starts[c + 1]! += cells.starts[c]!;
  const next = cells.starts.slice();
  for (let i = 0; i < points.count; i++) cells.rows[next[of[i]!]!++] = i;
  return cells;
}

/** The row of the nearest point not farther than `reach`; of equals the later one, which is drawn on top. */
export function nearest(cells: Cells, x: number, y: number, reach: number, isMeant: (row: number) => boolean = () => true): number | null {
  let found: number | null = null;
  let best = reach * reach;
  for (const i of rowsIn(cells, [x - reach, y - reach, x + reach, y + reach])) {
    const far = (cells.points.x[i]! - x) ** 2 + (cells.points.y[i]! - y) ** 2;
    if (far > best || !isMeant(i) || (far === best && found !== null && i < found)) continue;
    best = far;
    found = i;
  }
  return found;
}

/** Rows of a box, cell by cell; a few just outside may be among them. */
export function* rowsIn(cells: Cells, [left, bottom, right, top]: Extent): Generator<number, void> {
  const from = column(cells, left);
  const to = column(cells, right);
  for (let r = row(cells, bottom); r <= row(cells, top); r++) {
    const end = cells.starts[r * cells.across + to + 1]!;
    for (let k = cells.starts[r * cells.across + from]!; k < end; k++) yield cells.rows[k]!;
  }
}

/** How many a box has, from the cells alone. */
export function countIn(cells: Cells, [left, bottom, right, top]: Extent): number {
  const from = column(cells, left);
  const to = column(cells, right);
  let count = 0;
  for (let r = row(cells, bottom); r <= row(cells, top); r++) {
    count += cells.starts[r * cells.across + to + 1]! - cells.starts[r * cells.across + from]!;
  }
  return count;
}

function column({ extent: [left, , right], across }: Cells, x: number): number {
  return Math.min(Math.max(Math.floor(((x - left) / (right - left)) * across), 0), across - 1);
}

function row({ extent: [, bottom, , top], up }: Cells, y: number): number {
  return Math.min(Math.max(Math.floor(((y - bottom) / (top - bottom)) * up), 0), up - 1);
}
