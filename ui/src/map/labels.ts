// Names beside the middles of clusters, none upon another. Does not know how they are drawn.

import type { Free, Place } from "./camera.ts";

export interface Label {
  text: string;
  at: Place; // its middle, in pixels
  width: number;
  height: number;
}

const GAP_PX = 5;

/** Those that have room, the first ones first; what would stand outside the box has none. None reaches out of the free part. */
export function placed<T extends Label>(labels: readonly T[], width: number, height: number, free?: Free): T[] {
  const taken: T[] = [];
  for (const label of labels) {
    const one = free === undefined ? label : { ...label, at: within(free, label) };
    const [x, y] = one.at;
    if (x < one.width / 2 || y < one.height / 2 || x > width - one.width / 2 || y > height - one.height / 2) continue;
    if (!taken.some((other) => touch(one, other))) taken.push(one);
  }
  return taken;
}

/** Moved aside by so much that it does not reach under the legend or the buttons, where its middle does not lie there. */
function within({ left, right }: Free, { at: [x, y], width }: Label): Place {
  if (x < left || x > right || right - left < width) return [x, y];
  return [Math.min(Math.max(x, left + width / 2), right - width / 2), y];
}

function touch(a: Label, b: Label): boolean {
  return (
    Math.abs(a.at[0] - b.at[0]) < (a.width + b.width) / 2 + GAP_PX && Math.abs(a.at[1] - b.at[1]) < (a.height + b.height) / 2 + GAP_PX
  );
}
