// Names beside the middles of clusters, none upon another. Does not know how they are drawn.

import type { Place } from "./camera.ts";

export interface Label {
  text: string;
  at: Place; // its middle, in pixels
  width: number;
  height: number;
}

const GAP_PX = 5;

/** Those that have room, the first ones first; what would stand outside the box has none. */
export function placed<T extends Label>(labels: readonly T[], width: number, height: number): T[] {
  const taken: T[] = [];
  for (const one of labels) {
    const [x, y] = one.at;
    if (x < one.width / 2 || y < one.height / 2 || x > width - one.width / 2 || y > height - one.height / 2) continue;
    if (!taken.some((other) => touch(one, other))) taken.push(one);
  }
  return taken;
}

function touch(a: Label, b: Label): boolean {
  return (
    Math.abs(a.at[0] - b.at[0]) < (a.width + b.width) / 2 + GAP_PX && Math.abs(a.at[1] - b.at[1]) < (a.height + b.height) / 2 + GAP_PX
  );
}
