// Turns what mouse, fingers and keys do into what is meant: move, zoom, draw a lasso, look closer.
// Does not know the map.

import type { Place } from "./camera.ts";
import { type Way, wayOf } from "./tools.ts";

export interface Meant {
  pan(dx: number, dy: number): void;
  zoom(factor: number, at?: Place): void;
  step(factor: number): void; // a zoom in one stride, as by a button
  home(): void;
  hover(at: Place | null): void;
  press(at: Place): void;
  isOnPoint(at: Place): boolean;
  draw(line: readonly Place[]): void; // a lasso that grows
  close(line: readonly Place[], way: Way): void;
  cancel(): void; // Escape: the lasso that grows, else the selection
}

const STILL_PX = 4; // less is a click, no drag
const STEP_PX = 60;
const WHEEL = 0.0016; // of a zoom's logarithm a pixel
const LINE_PX = 18; // some mice count lines
const PINCH = 6; // pinches on a trackpad come as small wheel turns

interface Drag {
  from: Place;
  last: Place;
  way: Way | null;
  line: Place[];
  isMoved: boolean;
}

/** Until the function it gives is called. */
export function attach(element: HTMLElement, meant: Meant): () => void {
  const fingers = new Map<number, Place>();
  let drag: Drag | null = null;

  const at = (event: MouseEvent): Place => {
    const box = element.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };

  const down = (event: PointerEvent): void => {
    if (event.button !== 0) return;
    element.setPointerCapture(event.pointerId);
    element.dataset["by"] = "hand"; // who uses a mouse needs no frame around what has the focus
    element.focus({ preventScroll: true });
    const place = at(event);
    fingers.set(event.pointerId, place);
    meant.hover(null);
    if (fingers.size > 1 && drag?.way) meant.draw([]);
    drag = fingers.size > 1 ? null : { from: place, last: place, way: wayOf(event), line: [place], isMoved: false };
  };

  const move = (event: PointerEvent): void => {
    const place = at(event);
    if (!fingers.has(event.pointerId)) return void (event.pointerType === "mouse" && meant.hover(place));
    if (fingers.size === 2) pinch(fingers, event.pointerId, place, meant);
    else if (drag !== null) follow(drag, place, meant);
    fingers.set(event.pointerId, place);
  };

  const up = (event: PointerEvent): void => {
    fingers.delete(event.pointerId);
    const done = drag;
    drag = null;
    if (done === null || event.type === "pointercancel") return meant.draw([]);
    if (!done.isMoved) meant.press(done.from);
    else if (done.way !== null) meant.close(done.line, done.way);
  };

  const wheel = (event: WheelEvent): void => {
    event.preventDefault();
    const turned = event.deltaY * (event.deltaMode === WheelEvent.DOM_DELTA_LINE ? LINE_PX : 1) * (event.ctrlKey ? PINCH : 1);
    meant.zoom(Math.exp(-turned * WHEEL), at(event));
  };

  const key = (event: KeyboardEvent): void => {
    const isLassoGone = event.key === "Escape" && drag?.way != null;
    if (isLassoGone) drag = null;
    if (event.key !== "Shift" && event.key !== "Alt") delete element.dataset["by"];
    if (pressed(event, meant)) event.preventDefault();
  };

  const leave = (): void => meant.hover(null);
  const again = (event: MouseEvent): void => void (meant.isOnPoint(at(event)) || meant.home());
  const heard = { pointerdown: down, pointermove: move, pointerup: up, pointercancel: up, pointerleave: leave, wheel, keydown: key, dblclick: again };
  for (const [kind, listener] of Object.entries(heard)) element.addEventListener(kind, listener as EventListener, { passive: false });
  return () => {
    for (const [kind, listener] of Object.entries(heard)) element.removeEventListener(kind, listener as EventListener);
  };
}

function follow(drag: Drag, place: Place, meant: Meant): void {
  drag.isMoved ||= Math.hypot(place[0] - drag.from[0], place[1] - drag.from[1]) > STILL_PX;
  if (!drag.isMoved) return;
  if (drag.way === null) meant.pan(place[0] - drag.last[0], place[1] - drag.last[1]);
  else {
    drag.line.push(place);
    meant.draw(drag.line);
  }
  drag.last = place;
}

function pinch(fingers: Map<number, Place>, id: number, place: Place, meant: Meant): void {
  const before = fingers.get(id)!;
  const [, other] = [...fingers].find(([one]) => one !== id)!;
  const apart = (one: Place): number => Math.max(Math.hypot(one[0] - other[0], one[1] - other[1]), 1);
  meant.pan((place[0] - before[0]) / 2, (place[1] - before[1]) / 2);
  meant.zoom(apart(place) / apart(before), [(place[0] + other[0]) / 2, (place[1] + other[1]) / 2]);
}

/** Whether the key means something here. */
function pressed(event: KeyboardEvent, meant: Meant): boolean {
  if (event.ctrlKey || event.metaKey) return false;
  const far = event.shiftKey ? 4 * STEP_PX : STEP_PX;
  const deeds: Record<string, () => void> = {
    ArrowLeft: () => meant.pan(far, 0),
    ArrowRight: () => meant.pan(-far, 0),
    ArrowUp: () => meant.pan(0, far),
    ArrowDown: () => meant.pan(0, -far),
    "+": () => meant.step(1.6),
    "=": () => meant.step(1.6),
    "-": () => meant.step(1 / 1.6),
    "0": () => meant.home(),
    Escape: () => meant.cancel(),
  };
  const deed = deeds[event.key];
  deed?.();
  return deed !== undefined;
}
