// Paints points without a graphics card, pixel by pixel into a picture: slower, and it looks the same.
// Does not know colours' meaning.

import { toScreen } from "./camera.ts";
import type { Look } from "./look.ts";
import type { Painter, Sheet } from "./painter.ts";

const A_SLICE = 100_000; // points between two looks at the clock
const MOST_MS = 24; // of painting in one go; what is left comes with the next frames

interface Stamp {
  offsets: Int32Array; // x and y of each pixel of a round point
  covered: Float32Array; // how much of that pixel
}

export function handPainter(canvas: HTMLCanvasElement): Painter {
  const context = canvas.getContext("2d");
  let shown: Sheet | null = null;
  let frame = 0;
  return {
    byHand: true,
    show(sheet) {
      shown = sheet;
    },
    paint(look) {
      cancelAnimationFrame(frame);
      if (shown === null || context === null || canvas.width === 0 || canvas.height === 0) return;
      const picture = context.createImageData(canvas.width, canvas.height);
      const slices = slicesOf(shown, look, picture);
      const go = (): void => {
        const until = performance.now() + MOST_MS;
        let isDone = false;
        while (!isDone && performance.now() < until) isDone = slices.next().done === true;
        context.putImageData(picture, 0, 0);
        if (!isDone) frame = requestAnimationFrame(go);
      };
      go();
    },
    release() {
      cancelAnimationFrame(frame);
    },
  };
}

/** Greyed points first. Every slice has points of everywhere: each is as good a picture as there are points in it. */
function* slicesOf(sheet: Sheet, look: Look, picture: ImageData): Generator<void, void> {
  const stamp = stampOf(look.sizePx * look.ratio);
  const count = sheet.points.count;
  const slices = Math.ceil(count / A_SLICE);
  for (const turn of sheet.lit === null ? [1] : [0, 1]) {
    for (let slice = 0; slice < slices; slice++) {
      for (let i = slice; i < count; i += slices) {
        if ((sheet.lit?.[i] ?? 1) === turn) dab(sheet, i, turn, look, picture, stamp);
      }
      yield;
    }
  }
}

function dab(sheet: Sheet, i: number, turn: number, look: Look, picture: ImageData, stamp: Stamp): void {
  const [px, py] = toScreen(look.view, sheet.points.x[i]!, sheet.points.y[i]!);
  const left = Math.round(px * look.ratio);
  const top = Math.round(py * look.ratio);
  const { width, height, data } = picture;
  if (left < -16 || top < -16 || left > width + 16 || top > height + 16) return;
  const from = 4 * sheet.colours[i]!;
  const [red, green, blue] = turn ? [sheet.palette[from]!, sheet.palette[from + 1]!, sheet.palette[from + 2]!] : sheet.grey;
  const alpha = turn ? (look.alpha * sheet.palette[from + 3]!) / 255 : look.alpha * 0.55;
  for (let k = 0; k < stamp.covered.length; k++) {
    const x = left + stamp.offsets[2 * k]!;
    const y = top + stamp.offsets[2 * k + 1]!;
    if (x < 0 || y < 0 || x >= width || y >= height) continue;
    over(data, 4 * (y * width + x), red, green, blue, alpha * stamp.covered[k]!);
  }
}

/** A picture's colours are not multiplied by their alpha, so what lies below counts by its own. */
function over(data: Uint8ClampedArray, at: number, red: number, green: number, blue: number, alpha: number): void {
  const below = (data[at + 3]! / 255) * (1 - alpha);
  const all = below + alpha;
  if (all <= 0) return;
  const share = alpha / all;
  data[at] = data[at]! + (red - data[at]!) * share;
  data[at + 1] = data[at + 1]! + (green - data[at + 1]!) * share;
  data[at + 2] = data[at + 2]! + (blue - data[at + 2]!) * share;
  data[at + 3] = all * 255;
}

function stampOf(size: number): Stamp {
  const reach = Math.ceil(size / 2);
  const offsets: number[] = [];
  const covered: number[] = [];
  for (let y = -reach; y <= reach; y++) {
    for (let x = -reach; x <= reach; x++) {
      const part = Math.min(Math.max(size / 2 + 0.5 - Math.hypot(x, y), 0), 1);
      if (part === 0) continue;
      offsets.push(x, y);
      covered.push(part);
    }
  }
  return { offsets: Int32Array.from(offsets), covered: Float32Array.from(covered) };
}
