// What the page shows: one unchangeable object, and the address of the page beside it. Does not know how it is shown.
//
// `go` makes a step that Back undoes; `amend` changes where one is, as a camera that moves.

import { signal } from "@preact/signals";

import { read, write } from "./address.ts";
import type { Condition } from "./filters.ts";
import type { Stroke } from "./wire.ts";

export type Theme = "light" | "dark";
export type View = "pictures" | "map" | "duplicates" | "about";
export const VIEWS: readonly View[] = ["pictures", "map", "duplicates", "about"];

/** One thing that hits shall be like; a negative weight: unlike. A picture is known by its key, while the page lives. */
export type Part =
  | { kind: "item"; id: string; weight: number }
  | { kind: "picture"; key: string; name: string; weight: number };

export interface Camera {
  x: number; // of the middle, in the map's own units
  y: number;
  zoom: number; // 1: all of it is seen
}

export interface State {
  collection: string | null;
  view: View;
  text: string;
  parts: readonly Part[];
  filter: readonly Condition[];
  item: string | null; // shown large
  colour: string; // the map's colours mean: "cluster", "score" or a field
  lasso: readonly Stroke[];
  clusters: readonly number[];
  camera: Camera | null;
  duplicates: { threshold: string; keep: string };
  theme: Theme | null; // null: as it was chosen before, or as the system has it
}

export const START: State = {
  collection: null,
  view: "pictures",
  text: "",
  parts: [],
  filter: [],
  item: null,
  colour: "cluster",
  lasso: [],
  clusters: [],
  camera: null,
  duplicates: { threshold: "0.97", keep: "largest" },
  theme: null,
};

export const state = signal<State>(START);

/** A step: Back leads to what was before. */
export function go(change: Partial<State>): void {
  const next = { ...state.value, ...change };
  const address = write(next);
  if (address !== location.pathname + location.search) history.pushState(null, "", address);
  state.value = next;
}

/** No step: the present one is another. */
export function amend(change: Partial<State>): void {
  const next = { ...state.value, ...change };
  history.replaceState(null, "", write(next));
  state.value = next;
}

/** Another collection: nothing that was asked of the one before is meant any more. */
export function open(collection: string | null, view: View = "pictures"): void {
  go({ ...START, collection, view, theme: state.value.theme });
}

export function followAddress(): void {
  const take = (): void => {
    state.value = read(location.search);
  };
  take();
  addEventListener("popstate", take);
}
