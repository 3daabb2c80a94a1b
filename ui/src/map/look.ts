// How large and how dense points are painted, so that a thousand are seen well and a million are no blot.
// Does not know who paints.

import type { View } from "./camera.ts";

export interface Look {
  view: View;
  ratio: number; // device pixels a pixel
  sizePx: number; // across, in CSS pixels
  alpha: number;
}

const SMALLEST_PX = 1.8;
const LARGEST_PX = 11;
const CLOSE = 0.8; // of the mean distance of points: so large they are still told apart
const FULL = 0.55; // of the area painted: denser points let others through

/** share: of the extent that has points at all. */
export function lookOf(view: View, ratio: number, count: number, share: number): Look {
  const [left, bottom, right, top] = view.extent;
  const area = Math.max((right - left) * (top - bottom) * share * view.scale ** 2, 1);
  const distance = Math.sqrt(area / Math.max(count, 1));
  const sizePx = Math.min(Math.max(distance * CLOSE, SMALLEST_PX), LARGEST_PX);
  const painted = (Math.PI / 4) * (sizePx / distance) ** 2;
  return { view, ratio, sizePx, alpha: Math.min(0.92, Math.max(0.16, 0.92 * (FULL / Math.max(painted, FULL)) ** 0.6)) };
}
