// What the bytes of colours mean, for people. Does not know colours themselves, nor how it is shown.

import type { Condition, Value } from "../filters.ts";
import type { Json, MapCluster } from "../wire.ts";
import { centresOf, NONE, type Points } from "./points.ts";

export interface Kinds {
  kind: "categorical";
  by: string;
  entries: { value: Json; count: number; colour: number }[];
  other: number; // points whose value is none of the entries
  missing: number;
}

/** Byte b is low + (high - low) * b / 254. */
export interface Scale {
  kind: "number";
  by: string;
  low: number;
  high: number;
  missing: number;
}

export type Legend = Kinds | Scale;

/** What the points are coloured by at present. bytes: one a point. */
export interface Colouring {
  version: string;
  legend: Legend;
  bytes: Uint8Array;
}

export const MOST_ENTRIES = 20; // of a field; the byte after the last is that of all others

/** The byte of all others, which is grey. */
export function otherOf(legend: Legend): number | null {
  return legend.kind === "categorical" && legend.by !== "cluster" ? MOST_ENTRIES : null;
}

export function byCluster(points: Points): Colouring {
  const entries = centresOf(points).map(({ cluster, count }) => ({ value: cluster, count, colour: cluster }));
  const missing = points.count - entries.reduce((sum, { count }) => sum + count, 0);
  return { version: points.version, legend: { kind: "categorical", by: "cluster", entries, other: 0, missing }, bytes: points.cluster };
}

export interface HitPoint {
  row: number;
  id: string;
  score: number;
  weak: boolean;
}

/** Hits by their score, all others without a colour. */
export function byScore(points: Points, hits: readonly HitPoint[]): Colouring {
  const scores = hits.map((hit) => hit.score);
  const low = scores.length ? Math.min(...scores) : 0;
  const high = scores.length ? Math.max(...scores) : 1;
  const bytes = new Uint8Array(points.count).fill(NONE);
  for (const { row, score } of hits) bytes[row] = high > low ? Math.round((254 * (score - low)) / (high - low)) : 254;
  return { version: points.version, legend: { kind: "number", by: "score", low, high, missing: points.count - hits.length }, bytes };
}

export function nameOf(value: Json, by: string, clusters: readonly MapCluster[]): string {
  if (by !== "cluster") return typeof value === "string" ? value : JSON.stringify(value);
  if (value === NONE) return "in no cluster";
  return clusters.find((one) => one.number === value)?.name ?? `cluster ${String(value)}`;
}

/** The values that a field's points are narrowed to; none: all are shown. */
export function isolatedBy(filter: readonly Condition[], by: string): readonly Value[] {
  const one = filter.find((condition) => condition.field === by && (condition.op === "eq" || condition.op === "in"));
  if (one === undefined) return [];
  return one.op === "eq" ? [one.value as Value] : (one.value as Value[]);
}

/** The filter that narrows a field to these values, in the place of any that did so before. */
export function isolating(filter: readonly Condition[], by: string, values: readonly Value[]): Condition[] {
  const rest = filter.filter((one) => one.field !== by || (one.op !== "eq" && one.op !== "in"));
  if (values.length === 0) return rest;
  return [...rest, values.length === 1 ? { field: by, op: "eq", value: values[0]! } : { field: by, op: "in", value: [...values] }];
}

/** After a click on one: it alone, or all again if it was alone. With `isAdded` it comes to the others or leaves them. */
export function clicked<T>(isolated: readonly T[], value: T, isAdded: boolean): T[] {
  if (!isAdded) return isolated.length === 1 && isolated[0] === value ? [] : [value];
  return isolated.includes(value) ? isolated.filter((one) => one !== value) : [...isolated, value];
}
