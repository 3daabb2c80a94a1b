// Which points are shown as their pictures, once so few are seen that pictures have room. Does not know how they are drawn.

import { type Place, seenOf, toScreen, type View } from "./camera.ts";
import { type Cells, countIn, rowsIn } from "./nearest.ts";

export interface Framed {
  row: number;
  at: Place; // on the screen
}

export const MOST = 400; // seen at once
const SMALLEST_PX = 34;
const LARGEST_PX = 84;
const CLOSE = 0.55; // of the mean distance of points, were they even; they are not
const STEP = 1.25; // sizes are of a few, so that they do not change all the while one moves

/** How large pictures are, in CSS pixels; null: too many points are seen for that. */
export function pictureSize(cells: Cells, view: View): number | null {
  const count = countIn(cells, seenOf(view));
  if (count === 0 || count > MOST) return null;
  const size = CLOSE * Math.sqrt((view.width * view.height) / count);
  return Math.min(SMALLEST_PX * STEP ** Math.max(Math.floor(Math.log(size / SMALLEST_PX) / Math.log(STEP)), 0), LARGEST_PX);
}

/** None upon another: of two that would be, the one of the lower row is shown, wherever one looks. */
export function framedIn(cells: Cells, view: View, sizePx: number): Framed[] {
  const seen = seenOf(view);
  const taken = new Map<string, Place[]>();
  const shown: Framed[] = [];
  for (const row of Uint32Array.from(rowsIn(cells, seen)).sort()) {
    const at = toScreen(view, cells.points.x[row]!, cells.points.y[row]!);
    if (!isFree(taken, at, sizePx)) continue;
    shown.push({ row, at });
  }
  return shown;
}

/** If it is, it is taken from now on. Only the places of nine squares can be too near. */
function isFree(taken: Map<string, Place[]>, at: Place, sizePx: number): boolean {
  const [column, line] = [Math.floor(at[0] / sizePx), Math.floor(at[1] / sizePx)];
  for (let c = column - 1; c <= column + 1; c++) {
    for (let l = line - 1; l <= line + 1; l++) {
      if (taken.get(`${c} ${l}`)?.some(([x, y]) => Math.abs(x - at[0]) < sizePx && Math.abs(y - at[1]) < sizePx)) return false;
    }
  }
  const square = `${column} ${line}`;
  taken.set(square, [...(taken.get(square) ?? []), at]);
  return true;
}
