// Which part of the collection is meant: a lasso on the map, clusters of it, a filter. Does not know who draws it.

import { computed } from "@preact/signals";

import { filterOf } from "./filters.ts";
import { amend, go, type State, state } from "./state.ts";
import type { Json, Stroke, Within } from "./wire.ts";

export const isSelected = computed(() => state.value.lasso.length > 0 || state.value.clusters.length > 0);

/** The body of map/select, and what the grid shows without a search. */
export function selectOf(now: State): Record<string, Json> {
  const filter = now.filter.length ? { filter: filterOf(now.filter) } : {};
  return { ...(withinOf(now) as Record<string, Json>), ...filter };
}

/** `within` of a search and of an export. */
export function withinOf(now: State): Within {
  return {
    ...(now.lasso.length ? { lasso: [...now.lasso] } : {}),
    ...(now.clusters.length ? { clusters: [...now.clusters] } : {}),
  };
}

/** The first stroke is a step that Back undoes; those that follow mend it. */
export function draw(stroke: Stroke, isFirst: boolean): void {
  if (isFirst) go({ lasso: [stroke] });
  else amend({ lasso: [...state.value.lasso, stroke] });
}

export function clear(): void {
  if (isSelected.value) go({ lasso: [], clusters: [] });
}
