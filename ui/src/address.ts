// The state as an address, and back: what a reload, Back or a link restores. Does not know the browser.
//
// What an address cannot hold, a dropped picture, is named in it, so that the page can say what is missing.

import { type Condition, isCondition } from "./filters.ts";
import { type Camera, type Part, START, type State, type Theme, VIEWS, type View } from "./state.ts";
import type { Stroke } from "./wire.ts";

export function write(state: State): string {
  const query = new URLSearchParams();
  if (state.collection !== null) query.set("collection", state.collection);
  if (state.view !== START.view) query.set("view", state.view);
  if (state.text) query.set("text", state.text);
  for (const part of state.parts) {
    if (part.kind === "item") query.append("like", JSON.stringify([part.id, part.weight]));
    else query.append("picture", JSON.stringify([part.key, part.weight, part.name]));
  }
  for (const one of state.filter) query.append("where", JSON.stringify([one.field, one.op, one.value]));
  if (state.item !== null) query.set("item", state.item);
  if (state.colour !== START.colour) query.set("colour", state.colour);
  for (const stroke of state.lasso) query.append("lasso", strokeText(stroke));
  if (state.clusters.length) query.set("clusters", state.clusters.join("."));
  if (state.camera) query.set("at", [state.camera.x, state.camera.y, state.camera.zoom].map(rounded).join(","));
  if (state.duplicates.threshold !== START.duplicates.threshold) query.set("threshold", state.duplicates.threshold);
  if (state.duplicates.keep !== START.duplicates.keep) query.set("keep", state.duplicates.keep);
  if (state.theme !== null) query.set("theme", state.theme);
  const text = query.toString();
  return text ? `/?${text}` : "/";
}

/** Whatever cannot be read is left out: an address is what strangers send. */
export function read(search: string): State {
  const query = new URLSearchParams(search);
  const view = query.get("view") as View;
  return {
    collection: query.get("collection"),
    view: VIEWS.includes(view) ? view : START.view,
    text: query.get("text") ?? "",
    parts: [...query.getAll("like").map(likeOf), ...query.getAll("picture").map(pictureOf)].filter((one) => one !== null),
    filter: query.getAll("where").map(conditionOf).filter((one) => one !== null),
    item: query.get("item"),
    colour: query.get("colour") ?? START.colour,
    lasso: query.getAll("lasso").map(strokeOf).filter((one) => one !== null),
    clusters: (query.get("clusters") ?? "").split(".").filter((one) => /^\d{1,3}$/.test(one)).map(Number),
    camera: cameraOf(query.get("at")),
    duplicates: {
      threshold: query.get("threshold") ?? START.duplicates.threshold,
      keep: query.get("keep") ?? START.duplicates.keep,
    },
    theme: themeOf(query.get("theme")),
  };
}

function likeOf(text: string): Part | null {
  const found = parsed(text);
  if (!Array.isArray(found)) return null;
  const [id, weight] = found as unknown[];
  return typeof id === "string" && isWeight(weight) ? { kind: "item", id, weight } : null;
}

function pictureOf(text: string): Part | null {
  const found = parsed(text);
  if (!Array.isArray(found)) return null;
  const [key, weight, name] = found as unknown[];
  if (typeof key !== "string" || typeof name !== "string" || !isWeight(weight)) return null;
  return { kind: "picture", key, name, weight };
}

function conditionOf(text: string): Condition | null {
  const found = parsed(text);
  if (!Array.isArray(found)) return null;
  const [field, op, value] = found as unknown[];
  const one = { field, op, value };
  return isCondition(one) ? one : null;
}

/** "a" or "s", then x and y of each corner: short, for an address holds some thousand characters. */
function strokeText(stroke: Stroke): string {
  return stroke.op.charAt(0) + stroke.polygon.map(([x, y]) => `${rounded(x)},${rounded(y)}`).join(" ");
}

function strokeOf(text: string): Stroke | null {
  const op = { a: "add", s: "subtract" }[text.charAt(0)] as Stroke["op"] | undefined;
  const polygon = text.slice(1).split(" ").map((corner) => corner.split(",").map(Number) as [number, number]);
  const isWhole = polygon.every((corner) => corner.length === 2 && corner.every(Number.isFinite));
  return op && isWhole && polygon.length >= 3 ? { op, polygon } : null;
}

function cameraOf(text: string | null): Camera | null {
  const [x, y, zoom] = (text ?? "").split(",").map(Number);
  if (x === undefined || y === undefined || zoom === undefined) return null;
  return [x, y, zoom].every(Number.isFinite) && zoom > 0 ? { x, y, zoom } : null;
}

function themeOf(text: string | null): Theme | null {
  return text === "light" || text === "dark" ? text : null;
}

/** Four digits tell more than a screen shows. */
function rounded(value: number): string {
  return String(Number(value.toPrecision(5)));
}

function isWeight(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value) && Math.abs(value) <= 100;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}
