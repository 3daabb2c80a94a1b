// Where on the map one looks, from frame to frame; the address follows once it rests. Does not know who moves it.

import { computed, effect, signal } from "@preact/signals";

import { amend, type Camera, state } from "../state.ts";
import { type View, viewOf } from "./camera.ts";
import { MOST, pictureSize } from "./pictures.ts";
import { cells, extent, points } from "./sheet.ts";

const REST_MS = 250; // browsers allow but some 100 changes of the address in half a minute
const GLIDE_MS = 260;

export const camera = signal<Camera | null>(null); // null: all of it is seen
export const box = signal({ width: 0, height: 0 }); // of the map, in CSS pixels

let rest = 0;
let glide = 0;
let goal: { camera: Camera | null } | null = null; // of a glide that is under way
let written: string | null = null; // what the address says because of a move here

/** What pictures reach beyond the points when all of them are seen. */
const aroundPx = computed(() => {
  const count = points.value?.count ?? 0;
  if (count === 0 || count > MOST) return 0;
  return (pictureSize(cells.value, viewOf(null, extent.value, box.value.width, box.value.height)) ?? 0) / 2;
});

export function view(): View {
  return viewAt(camera.value);
}

function viewAt(place: Camera | null): View {
  return viewOf(place, extent.value, box.value.width, box.value.height, aroundPx.value);
}

/** What will be seen once nothing moves: steps that follow fast are added up. */
export function aim(): View {
  return viewAt(goal === null ? camera.value : goal.camera);
}

export function look(next: Camera | null): void {
  endGlide();
  move(next);
}

function move(next: Camera | null): void {
  camera.value = next;
  clearTimeout(rest);
  rest = window.setTimeout(() => {
    written = JSON.stringify(camera.value);
    amend({ camera: camera.value });
  }, REST_MS);
}

/** Not at once, so that the eye can follow; at once for those who asked their system for less motion. */
export function glideTo(next: Camera | null): void {
  endGlide();
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) return move(next);
  const from = asCamera(view());
  const to = next ?? asCamera(viewAt(null));
  const began = performance.now();
  goal = { camera: next };
  const step = (now: number): void => {
    const share = Math.min((now - began) / GLIDE_MS, 1);
    move(share < 1 ? between(from, to, 1 - (1 - share) ** 3) : next);
    if (share < 1) glide = requestAnimationFrame(step);
    else goal = null;
  };
  glide = requestAnimationFrame(step);
}

/** Back, a link or another collection look elsewhere; what the address says because of a move here does not. */
export function followCamera(): () => void {
  let before: string | null = null;
  const stop = effect(() => {
    const told = JSON.stringify(state.value.camera);
    if (told === before) return;
    before = told;
    if (told === written) return;
    stopMoving();
    camera.value = state.value.camera;
  });
  return () => {
    stop();
    stopMoving();
  };
}

function stopMoving(): void {
  endGlide();
  clearTimeout(rest);
}

function endGlide(): void {
  cancelAnimationFrame(glide);
  goal = null;
}

function asCamera({ x, y, scale, fit }: View): Camera {
  return { x, y, zoom: scale / fit };
}

/** Zoom changes by factors, so it is gone through evenly in its logarithm. */
function between(from: Camera, to: Camera, share: number): Camera {
  const zoom = from.zoom * (to.zoom / from.zoom) ** share;
  return { x: from.x + (to.x - from.x) * share, y: from.y + (to.y - from.y) * share, zoom };
}
