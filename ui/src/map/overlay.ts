// Draws what lies over the points: lassos, rings around hits, the point that is pointed at, names of clusters.
// Does not know where any of it comes from.

import type { Stroke } from "../wire.ts";
import { type Place, toScreen, type View } from "./camera.ts";
import { type Label, placed } from "./labels.ts";

export interface Colours {
  accent: string;
  paper: string;
  text: string;
}

export interface Over {
  view: View;
  strokes: readonly Stroke[];
  line: readonly Place[]; // a lasso that grows, in pixels
  rings: readonly { at: Place; isWeak: boolean }[]; // at: on the map
  pointed: { at: Place; ink: string } | null;
  names: readonly { text: string; at: Place; isFaint: boolean }[];
  pointPx: number;
  pictures: readonly Shown[];
  picturePx: number;
}

/** A point that is shown as its picture. at: on the screen. */
export interface Shown {
  at: Place;
  picture: ImageBitmap;
  ink: string;
  isFaint: boolean;
}

const FONT = "600 13px system-ui, -apple-system, 'Segoe UI', sans-serif";
const LINE_HEIGHT_PX = 18;

export function drawOver(canvas: HTMLCanvasElement, ratio: number, over: Over, colours: Colours): void {
  const on = canvas.getContext("2d");
  if (on === null) return;
  on.setTransform(ratio, 0, 0, ratio, 0, 0);
  on.clearRect(0, 0, over.view.width, over.view.height);
  for (const shown of over.pictures) drawPicture(on, shown, over.picturePx, colours);
  drawStrokes(on, over, colours);
  for (const { at, isWeak } of over.rings) drawRing(on, toScreen(over.view, ...at), over.pointPx, isWeak, colours);
  drawNames(on, over, colours);
  if (over.pointed !== null) drawPointed(on, over, over.pointed, colours);
}

const FRAME_PX = 2;

function drawPicture(on: CanvasRenderingContext2D, { at: [x, y], picture, ink, isFaint }: Shown, size: number, colours: Colours): void {
  const scale = (size - 6) / Math.max(picture.width, picture.height);
  const [width, height] = [picture.width * scale, picture.height * scale];
  const corner = Math.min(size / 10, 8);
  const [left, top] = [x - width / 2, y - height / 2];
  on.save();
  on.globalAlpha = isFaint ? 0.22 : 1;
  on.beginPath();
  on.roundRect(left - FRAME_PX, top - FRAME_PX, width + 2 * FRAME_PX, height + 2 * FRAME_PX, corner + FRAME_PX);
  on.fillStyle = isFaint ? colours.paper : ink;
  on.fill();
  on.beginPath();
  on.roundRect(left, top, width, height, corner);
  on.clip();
  on.drawImage(picture, left, top, width, height);
  on.restore();
}

function drawStrokes(on: CanvasRenderingContext2D, { view, strokes, line }: Over, colours: Colours): void {
  const shapes = strokes.map(({ op, polygon }) => ({ op, line: polygon.map(([x, y]) => toScreen(view, x, y)), isOpen: false }));
  if (line.length > 1) shapes.push({ op: "add", line: [...line], isOpen: true });
  for (const shape of shapes) {
    on.beginPath();
    for (const [x, y] of shape.line) on.lineTo(x, y);
    on.closePath();
    on.strokeStyle = colours.accent;
    on.fillStyle = colours.accent;
    on.lineWidth = 1.5;
    on.setLineDash(shape.op === "subtract" ? [3, 4] : shape.isOpen ? [6, 4] : []);
    on.globalAlpha = 0.05;
    if (shape.op === "add") on.fill("evenodd");
    on.globalAlpha = 1;
    on.stroke();
  }
  on.setLineDash([]);
}

function drawRing(on: CanvasRenderingContext2D, [x, y]: Place, pointPx: number, isWeak: boolean, colours: Colours): void {
  const radius = Math.max(pointPx / 2 + 2.5, 4.5);
  on.globalAlpha = isWeak ? 0.4 : 1;
  if (!isWeak) circle(on, x, y, radius, 4.5, colours.paper);
  circle(on, x, y, radius, isWeak ? 1 : 2.25, colours.accent);
  on.globalAlpha = 1;
}

function drawPointed(on: CanvasRenderingContext2D, over: Over, { at, ink }: { at: Place; ink: string }, colours: Colours): void {
  const [x, y] = toScreen(over.view, ...at);
  const radius = Math.max(over.pointPx * 0.75, 6);
  on.beginPath();
  on.arc(x, y, radius, 0, 2 * Math.PI);
  on.fillStyle = ink;
  on.fill();
  circle(on, x, y, radius + 1, 2, colours.paper);
  circle(on, x, y, radius + 3, 2, colours.text);
}

function circle(on: CanvasRenderingContext2D, x: number, y: number, radius: number, width: number, colour: string): void {
  on.beginPath();
  on.arc(x, y, radius, 0, 2 * Math.PI);
  on.lineWidth = width;
  on.strokeStyle = colour;
  on.stroke();
}

function drawNames(on: CanvasRenderingContext2D, { view, names }: Over, colours: Colours): void {
  on.font = FONT;
  on.textAlign = "center";
  on.textBaseline = "middle";
  on.lineJoin = "round";
  const labels: (Label & { isFaint: boolean })[] = names.map(({ text, at, isFaint }) => ({
    text,
    isFaint,
    at: toScreen(view, ...at),
    width: on.measureText(text).width,
    height: LINE_HEIGHT_PX,
  }));
  for (const { text, at, isFaint } of placed(labels, view.width, view.height, view.free)) {
    on.globalAlpha = isFaint ? 0.45 : 1;
    on.lineWidth = 4;
    on.strokeStyle = colours.paper;
    on.strokeText(text, ...at);
    on.fillStyle = colours.text;
    on.fillText(text, ...at);
  }
  on.globalAlpha = 1;
}
