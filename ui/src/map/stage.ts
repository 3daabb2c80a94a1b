// The map's two canvases in one element, painted anew whenever what they show has changed.
// Does not know the server, nor the buttons beside it.

import { effect } from "@preact/signals";

import { atlas } from "../atlas.ts";
import { state } from "../state.ts";
import { theme } from "../theme.ts";
import { attach } from "./gestures.ts";
import { under } from "./hover.ts";
import { loadPictures, pictureAt } from "./items.ts";
import { nameOf, otherOf } from "./legend.ts";
import { box, camera, view } from "./looking.ts";
import { type Look, lookOf } from "./look.ts";
import { lassoLine, meaning } from "./meaning.ts";
import { type Colours, drawOver, type Over, type Shown } from "./overlay.ts";
import { inkOf, cssOf, paletteOf, PAPER, parsed } from "./palette.ts";
import { painterOn } from "./painter.ts";
import { type Framed, framedIn, pictureSize } from "./pictures.ts";
import { NONE } from "./points.ts";
import { cells, centres, colouring, extent, hits, picked, pointedRow, points, share } from "./sheet.ts";
import { thinning } from "./thinning.ts";
import { isByHand, isNamed } from "./tools.ts";

const GREYED = { light: "#c3c7cd", dark: "#3d424a" } as const;
const ROOM_PX = 45; // a cluster that reaches farther has its name in its middle, a smaller one above it
const ABOVE_PX = 12;
const REST_MS = 140;
const MOST_RATIO = 2; // more device pixels a pixel cost time and show nothing

/** Until the function it gives is called. The element is empty and has a size. */
export function stage(element: HTMLElement): () => void {
  const below = canvasIn(element);
  const above = canvasIn(element);
  const thin = thinning(() => frames.all());
  const frames = framesOf(() => painter.paint(look(thin.every()), thin.every()), () => drawOver(above, ratio(), over(), coloursOf(element)));
  const painter = painterOn(below, frames.all);
  isByHand.value = painter.byHand;
  const sized = new ResizeObserver(() => {
    box.value = { width: element.clientWidth, height: element.clientHeight };
    for (const canvas of [below, above]) {
      canvas.width = Math.round(element.clientWidth * ratio());
      canvas.height = Math.round(element.clientHeight * ratio());
    }
    frames.now(); // a canvas that changes its size is empty until it is painted
  });
  sized.observe(element);
  const stops = [
    effect(() => {
      const now = points.value;
      const colours = colouring.value;
      if (now === null || colours === null) return;
      const { legend, bytes } = colours;
      const lit = picked.value?.version === now.version ? picked.value.lit : null;
      const palette = paletteOf(legend.kind, theme.value, otherOf(legend));
      painter.show({ points: now, colours: bytes, lit, palette, grey: parsed(GREYED[theme.value]) });
      frames.all();
    }),
    effect(() => {
      void [camera.value, extent.value, share.value];
      if (!painter.byHand) thin.moved();
      frames.all();
    }),
    effect(() => {
      void [state.value, hits.value, pointedRow.value, under.value, lassoLine.value, isNamed.value, atlas.value];
      frames.above();
    }),
    followPictures(frames.above),
    attach(element, meaning),
  ];
  return () => {
    for (const stop of stops) stop();
    sized.disconnect();
    frames.stop();
    thin.stop();
    painter.release();
    element.replaceChildren();
  };
}

function canvasIn(element: HTMLElement): HTMLCanvasElement {
  const canvas = document.createElement("canvas");
  canvas.ariaHidden = "true";
  element.append(canvas);
  return canvas;
}

/** At most once a frame, however much has changed. */
function framesOf(paint: () => void, draw: () => void): Record<"all" | "above" | "now" | "stop", () => void> {
  let asked = 0;
  let isBelow = false;
  const go = (): void => {
    asked = 0;
    if (isBelow) paint();
    isBelow = false;
    draw();
  };
  const above = (): void => {
    asked ||= requestAnimationFrame(go);
  };
  const all = (): void => {
    isBelow = true;
    above();
  };
  const stop = (): void => {
    cancelAnimationFrame(asked);
    asked = 0;
  };
  const now = (): void => {
    stop();
    isBelow = true;
    go();
  };
  return { all, above, now, stop };
}

function ratio(): number {
  return Math.min(devicePixelRatio, MOST_RATIO);
}

function look(every = 1): Look {
  return lookOf(view(), ratio(), (points.peek()?.count ?? 0) / every, share.peek());
}

function over(): Over {
  const all = points.peek();
  const now = state.peek();
  const placeOf = (row: number): [number, number] => [all!.x[row]!, all!.y[row]!];
  const row = under.peek() ?? pointedRow.peek();
  const isThere = all !== null && row !== null && row < all.count;
  return {
    view: view(),
    strokes: now.lasso,
    line: lassoLine.peek(),
    rings: all === null ? [] : hits.peek().map((hit) => ({ at: placeOf(hit.row), isWeak: hit.weak })),
    pointed: isThere ? { at: placeOf(row), ink: inkAt(row) } : null,
    names: all === null || !isNamed.peek() ? [] : namesOf(),
    pointPx: look().sizePx,
    pictures: framed().map(shownOf).filter((one) => one !== null),
    picturePx: sizeOfPictures() ?? 0,
  };
}

function framed(): Framed[] {
  const size = sizeOfPictures();
  return size === null ? [] : framedIn(cells.peek(), view(), size);
}

/** null: its picture is not here yet. */
function shownOf({ row, at }: Framed): Shown | null {
  const picture = pictureAt(row);
  return picture && { at, picture, ink: inkAt(row), isFaint: picked.peek()?.lit[row] === 0 };
}

/** Whatever rests in sight long enough is fetched. */
function followPictures(came: () => void): () => void {
  let timer = 0;
  let running = new AbortController();
  const stop = effect(() => {
    void [camera.value, box.value, points.value];
    clearTimeout(timer);
    timer = window.setTimeout(() => {
      running.abort();
      running = new AbortController();
      void loadPictures(framed().map(({ row }) => row), running.signal, came);
    }, REST_MS);
  });
  return () => {
    stop();
    clearTimeout(timer);
    running.abort();
  };
}

function sizeOfPictures(): number | null {
  return points.peek() === null ? null : pictureSize(cells.peek(), view());
}

function inkAt(row: number): string {
  const now = colouring.peek();
  return cssOf(now === null ? inkOf("categorical", NONE, theme.peek()) : inkOf(now.legend.kind, now.bytes[row]!, theme.peek()));
}

function namesOf(): Over["names"] {
  const { clusters } = state.peek();
  const named = atlas.peek()?.clusters ?? [];
  const { scale } = view();
  return centres.peek().map(({ cluster, x, y, up }) => ({
    text: nameOf(cluster, "cluster", named),
    at: [x, up * scale > ROOM_PX ? y : y + up + ABOVE_PX / scale],
    isFaint: clusters.length > 0 && !clusters.includes(cluster),
  }));
}

function coloursOf(element: HTMLElement): Colours {
  const style = getComputedStyle(element);
  const accent = style.getPropertyValue("--map-accent").trim() || style.color;
  return { accent, paper: PAPER[theme.peek()], text: style.color };
}
