// What the hand does on the map, and what is shown beside points. Does not know the map.

import { signal } from "@preact/signals";

export type Tool = "move" | "lasso";
export type Way = "new" | "add" | "subtract"; // what a lasso does to the selection

export const tool = signal<Tool>("move");
export const way = signal<Way>("new");
export const isNamed = signal(true); // clusters have their names on the map
export const isByHand = signal(false); // painted without a graphics card

export const isLegendOpen = signal(matchMedia("(min-width: 1000px)").matches); // below, it would hide much of the map

/** Shift adds and Alt subtracts, whatever the tool; null: the map is moved. */
export function wayOf(keys: { shiftKey: boolean; altKey: boolean }): Way | null {
  if (keys.altKey) return "subtract";
  if (keys.shiftKey) return "add";
  return tool.value === "lasso" ? way.value : null;
}
