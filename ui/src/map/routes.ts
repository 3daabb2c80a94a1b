// The map's own routes: what is asked, and the answers as columns. Does not know when they are needed.

import * as api from "../api.ts";
import type { Json, MapItem } from "../wire.ts";
import type { Legend } from "./legend.ts";
import { bytesOfBits, type Points, pointsOf } from "./points.ts";

const of = (name: string, rest: string, version: string, more: Record<string, string> = {}): string =>
  api.path.of(name, `map/${rest}?${new URLSearchParams({ ...more, version })}`);

export async function points(name: string, version: string, signal: AbortSignal): Promise<Points> {
  const answer = await api.ask(of(name, "points", version), { signal });
  return pointsOf(version, await answer.arrayBuffer());
}

/** A byte a point. */
export async function colours(name: string, version: string, by: string, signal: AbortSignal): Promise<Uint8Array> {
  const answer = await api.ask(of(name, "colours", version, { by }), { signal });
  return new Uint8Array(await answer.arrayBuffer());
}

export const legend = (name: string, version: string, by: string, signal: AbortSignal): Promise<Legend> =>
  api.get(of(name, "legend", version, { by }), signal);

export interface Picked {
  version: string;
  lit: Uint8Array; // a byte a point
  count: number;
}

export async function select(name: string, version: string, asked: Json, rows: number, signal: AbortSignal): Promise<Picked> {
  const body = { method: "POST", body: JSON.stringify(asked), headers: { "content-type": "application/json" } };
  const answer = await api.ask(of(name, "select", version), { ...body, signal });
  const lit = bytesOfBits(new Uint8Array(await answer.arrayBuffer()), rows);
  return { version, lit, count: Number(answer.headers.get("x-selected")) };
}

export async function items(name: string, version: string, rows: number[], signal: AbortSignal): Promise<MapItem[]> {
  return (await api.post<{ items: MapItem[] }>(of(name, "items", version), { rows }, signal)).items;
}

/** null: an item that has no point. */
export async function rows(name: string, version: string, ids: string[], signal: AbortSignal): Promise<(number | null)[]> {
  return (await api.post<{ rows: (number | null)[] }>(of(name, "rows", version), { ids }, signal)).rows;
}

/** Answers with the job at once. */
export const draw = (name: string, order: Record<string, Json>): Promise<unknown> => api.post(api.path.of(name, "map"), order);
