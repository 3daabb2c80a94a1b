// What paints points, be it by WebGL or by hand. Does not know gestures, labels or the server.

import { gpuPainter } from "./gpu.ts";
import { handPainter } from "./hand.ts";
import type { Look } from "./look.ts";
import type { Points } from "./points.ts";

export interface Sheet {
  points: Points;
  colours: Uint8Array; // a byte a point, of the palette
  lit: Uint8Array | null; // a byte a point: 0 greyed, 1 in colour; null: all in colour
  palette: Uint8Array; // (256 x 4) red, green, blue, alpha
  grey: readonly [number, number, number];
}

export interface Painter {
  readonly byHand: boolean;
  /** Only what differs from the sheet before is brought in. */
  show(sheet: Sheet): void;
  /** every: which of the points, 1 for all; who paints in pieces may paint them all whatever it is. */
  paint(look: Look, every: number): void;
  release(): void;
}

/** again: called when all must be painted once more, as after the graphics card was lost and found. */
export function painterOn(canvas: HTMLCanvasElement, again: () => void): Painter {
  return gpuPainter(canvas, again) ?? handPainter(canvas);
}
