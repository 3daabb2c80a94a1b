// Lassos: a line that was drawn becomes a polygon with few corners. Does not know who drew it, nor what lies inside:
// the server says that.

import type { Place } from "./camera.ts";
import type { Extent } from "./points.ts";

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
