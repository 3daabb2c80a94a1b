// Which metadata fields a filter may name: from the map, which knows them all, or from the entries seen so far.
// Does not know filters.

import { computed } from "@preact/signals";

import { atlas } from "./atlas.ts";
import { results } from "./results.ts";
import type { Json, Metadata } from "./wire.ts";

export interface Field {
  name: string;
  kind: "categorical" | "number";
  seen: readonly (string | number | boolean)[]; // some of its values, the commonest first
}

const MAX_SEEN = 60;
const MAX_DEPTH = 4;

export const fields = computed<readonly Field[]>(() => {
  const values = new Map<string, Map<string | number | boolean, number>>();
  for (const entry of results.value.entries.slice(0, 1000)) note(values, entry.metadata, "", 0);
  const known = new Map((atlas.value?.fields ?? []).map((field) => [field.name, field.kind]));
  const names = [...new Set([...known.keys(), ...values.keys()])].sort();
  return names.map((name) => {
    const counts = [...(values.get(name) ?? [])].sort(([, a], [, b]) => b - a);
    const seen = counts.slice(0, MAX_SEEN).map(([value]) => value);
    const isNumber = seen.length > 0 && seen.every((value) => typeof value === "number");
    return { name, kind: known.get(name) ?? (isNumber ? "number" : "categorical"), seen };
  });
});

function note(values: Map<string, Map<string | number | boolean, number>>, found: Metadata, above: string, depth: number): void {
  for (const [name, value] of Object.entries(found)) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (isPlain(one)) {
        const counts = values.get(above + name) ?? new Map<string | number | boolean, number>();
        counts.set(one, (counts.get(one) ?? 0) + 1);
        values.set(above + name, counts);
      } else if (one !== null && !Array.isArray(one) && depth < MAX_DEPTH) note(values, one, `${above}${name}.`, depth + 1);
    }
  }
}

function isPlain(value: Json): value is string | number | boolean {
  return value !== null && typeof value !== "object";
}
