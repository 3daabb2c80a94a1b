// Where one looks: from the map's units to the pixels of a box, and back. Does not know what lies there.
//
// y goes up on the map and down on the screen. Pixels are those of CSS.

import type { Camera } from "../state.ts";
import type { Extent } from "./points.ts";

export interface View {
  x: number; // what is in the middle
  y: number;
  scale: number; // pixels a unit
  width: number;
  height: number;
  fit: number; // the scale at which all is seen
  extent: Extent;
  free: Free;
}

/** The part of the box that neither legend nor buttons cover, in pixels. */
export interface Free {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

export type Place = [number, number];

const MARGIN_PX = 28;
const WIDE_PX = 620; // from here on the legend stands beside the map, and below that on it
const LEGEND_PX = 232;
const BUTTONS_PX = 62;
const FOLDED_PX = 92; // the legend that stands on it, folded
const FARTHEST = 0.5;
const NEAREST = 5_000;

/** All of it, where no camera is: in the part that is free, with `aroundPx` for pictures that reach beyond their points. */
export function viewOf(camera: Camera | null, extent: Extent, width: number, height: number, aroundPx = 0): View {
  const [left, bottom, right, top] = extent;
  const free = freeOf(width, height);
  const across = Math.max(free.right - free.left - 2 * aroundPx, 16);
  const up = Math.max(free.bottom - free.top - 2 * aroundPx, 16);
  const fit = Math.min(across / (right - left), up / (top - bottom));
  const aside = ((free.left + free.right - width) / 2) / fit;
  const below = ((free.top + free.bottom - height) / 2) / fit;
  const { x, y, zoom } = camera ?? { x: (left + right) / 2 - aside, y: (bottom + top) / 2 + below, zoom: 1 };
  return { x, y, scale: fit * zoom, width, height, fit, extent, free };
}

function freeOf(width: number, height: number): Free {
  const isWide = width >= WIDE_PX;
  return {
    left: isWide ? LEGEND_PX : MARGIN_PX,
    top: isWide ? MARGIN_PX : FOLDED_PX,
    right: width - BUTTONS_PX,
    bottom: height - MARGIN_PX,
  };
}

export function toScreen(view: View, x: number, y: number): Place {
  return [view.width / 2 + (x - view.x) * view.scale, view.height / 2 - (y - view.y) * view.scale];
}

export function toMap(view: View, px: number, py: number): Place {
  return [view.x + (px - view.width / 2) / view.scale, view.y - (py - view.height / 2) / view.scale];
}

/** As if the map were dragged by so many pixels. */
export function panned(view: View, dx: number, dy: number): Camera {
  return cameraAt(view, view.x - dx / view.scale, view.y + dy / view.scale, view.scale);
}

/** What lies under the pixel stays under it. */
export function zoomed(view: View, factor: number, px = view.width / 2, py = view.height / 2): Camera {
  const zoom = clamp((view.scale / view.fit) * factor, FARTHEST, NEAREST);
  const scale = zoom * view.fit;
  const [x, y] = toMap(view, px, py);
  return cameraAt(view, x - (px - view.width / 2) / scale, y + (py - view.height / 2) / scale, scale);
}

/** Left, bottom, right, top of what is seen. */
export function seenOf(view: View): Extent {
  const across = view.width / 2 / view.scale;
  const up = view.height / 2 / view.scale;
  return [view.x - across, view.y - up, view.x + across, view.y + up];
}

/** The middle stays on the map: who lost it would look for it in vain. */
function cameraAt(view: View, x: number, y: number, scale: number): Camera {
  const [left, bottom, right, top] = view.extent;
  return { x: clamp(x, left, right), y: clamp(y, bottom, top), zoom: scale / view.fit };
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high);
}
