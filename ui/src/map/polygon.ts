// Lassos: a line that was drawn becomes a polygon with few corners; which points lie inside.
// Does not know who drew it. The server has the last word on what is selected; here it is only foreseen.

import type { Stroke } from "../wire.ts";
import type { Place } from "./camera.ts";
import type { Extent, Points } from "./points.ts";

export const MOST_CORNERS = 200; // they stand in the address

/** At most MOST_CORNERS of the line's own corners, none of the others farther from them than needed; none: no area. */
export function simplified(line: readonly Place[], tolerance: number): Place[] {
  for (let allowed = tolerance; ; allowed *= 1.6) {
    const kept = withoutDetours(line, allowed);
    if (kept.length > MOST_CORNERS) continue;
    return kept.length >= 3 && Math.abs(area(kept)) > tolerance * tolerance ? kept : [];
  }
}

/** Ramer, Douglas and Peucker's, with a stack: lines have thousands of corners. */
function withoutDetours(line: readonly Place[], tolerance: number): Place[] {
  if (line.length < 3) return [...line];
  const isKept = new Uint8Array(line.length);
  isKept[0] = isKept[line.length - 1] = 1;
  const parts: [number, number][] = [[0, line.length - 1]];
  for (let part = parts.pop(); part !== undefined; part = parts.pop()) {
    const [from, to] = part;
    const { index, distance } = farthest(line, from, to);
    if (distance <= tolerance) continue;
    isKept[index] = 1;
    parts.push([from, index], [index, to]);
  }
  return line.filter((_, i) => isKept[i]);
}

function farthest(line: readonly Place[], from: number, to: number): { index: number; distance: number } {
  let index = from;
  let distance = -1;
  for (let i = from + 1; i < to; i++) {
    const far = distanceTo(line[i]!, line[from]!, line[to]!);
    if (far > distance) [index, distance] = [i, far];
  }
  return { index, distance };
}

function distanceTo([x, y]: Place, [ax, ay]: Place, [bx, by]: Place): number {
  const [dx, dy] = [bx - ax, by - ay];
  const length = dx * dx + dy * dy;
  const along = length === 0 ? 0 : Math.min(Math.max(((x - ax) * dx + (y - ay) * dy) / length, 0), 1);
  return Math.hypot(x - ax - along * dx, y - ay - along * dy);
}

export function area(polygon: readonly Place[]): number {
  let sum = 0;
  polygon.forEach(([x, y], i) => {
    const [nx, ny] = polygon[(i + 1) % polygon.length]!;
    sum += x * ny - nx * y;
  });
  return sum / 2;
}

/** Onto a grid of some ten-thousandths of the map: fewer digits, and an address that says the same when it is read. */
export function rounded(polygon: readonly Place[], [left, bottom, right, top]: Extent): Place[] {
  const digits = Math.max(0, 4 - Math.floor(Math.log10(Math.max(right - left, top - bottom))));
  return polygon.map(([x, y]) => [Number(x.toFixed(digits)), Number(y.toFixed(digits))]);
}

/** A byte a point, 1 for those that the strokes, one after the other, leave inside. Sides cross by the even-odd rule. */
export function inside(strokes: readonly Stroke[], points: Points): Uint8Array {
  const selected = new Uint8Array(points.count).fill(strokes[0]?.op === "subtract" ? 1 : 0);
  for (const { op, polygon } of strokes) paint(selected, polygon, points, op === "add" ? 1 : 0);
  return selected;
}

function paint(selected: Uint8Array, polygon: readonly Place[], { x, y, count }: Points, value: number): void {
  const [left, bottom, right, top] = boxOf(polygon);
  for (let i = 0; i < count; i++) {
    const px = x[i]!;
    const py = y[i]!;
    if (px < left || px > right || py < bottom || py > top || selected[i] === value) continue;
    if (contains(polygon, px, py)) selected[i] = value;
  }
}

export function contains(polygon: readonly Place[], x: number, y: number): boolean {
  let isInside = false;
  for (let i = 0, j = polygon.length - 1; i < polygon.length; j = i++) {
    const [ax, ay] = polygon[i]!;
    const [bx, by] = polygon[j]!;
    if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) isInside = !isInside;
  }
  return isInside;
}

function boxOf(polygon: readonly Place[]): Extent {
  const xs = polygon.map(([x]) => x);
  const ys = polygon.map(([, y]) => y);
  return [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
}
