// Where entries come from, page by page: a search, a selection, a filter, or the whole collection.
// Does not know who asks for the next page, nor when.

import * as api from "./api.ts";
import { atlas } from "./atlas.ts";
import { pictureData } from "./dropped.ts";
import { filterOf } from "./filters.ts";
import { holderOf } from "./region.ts";
import { selectOf } from "./selection.ts";
import type { State } from "./state.ts";
import type { Json, MapItem, Metadata } from "./wire.ts";

export interface Entry {
  id: string;
  uri: string;
  metadata: Metadata;
  thumbnail: string;
  score: number | null; // of a hit
  weak: boolean;
}

export interface Page {
  entries: readonly Entry[];
  total?: number;
  notes?: readonly string[];
  tookMs?: number;
  isLast?: boolean;
}

export type Pages = AsyncGenerator<Page, void>;

export const PAGE = 100;
const MAX_HITS = 10_000; // a search's greatest offset
const MAX_ROWS = 2_000; // of an export that is read to be looked at

export type Kind = "hits" | "selection" | "all";

export function kindOf(now: State): Kind {
  if (now.text || now.parts.length) return "hits";
  return isNarrowed(now) ? "selection" : "all";
}

function isNarrowed(now: State): boolean {
  return now.lasso.length > 0 || now.clusters.length > 0;
}

export function pagesOf(now: State, name: string, signal: AbortSignal): Pages {
  switch (kindOf(now)) {
    case "hits":
      return hits(now, name, signal);
    case "selection":
      return selected(now, name, signal);
    case "all":
      return now.filter.length ? passing(now, name, signal) : all(name, signal);
  }
}

async function* hits(now: State, name: string, signal: AbortSignal): Pages {
  const query = await queryOf(now);
  const filter = now.filter.length ? { filter: filterOf(now.filter) } : {};
  const holds = isNarrowed(now) ? await holderOf(now, name, signal) : null;
  for (let offset = 0; query.length && offset < MAX_HITS; offset += PAGE) {
    const found = await api.search(name, { query, k: PAGE, offset, ...filter }, signal);
    const isLast = found.hits.length < PAGE;
    const isIn = await holds?.(found.hits.map((hit) => hit.id));
    const entries = isIn ? found.hits.filter((_, index) => isIn[index]) : found.hits;
    yield { entries, notes: found.notes, tookMs: found.took_ms, isLast };
    if (isLast) return;
  }
}

/** The parts of a search as its body has them; a picture that is gone is left out. */
export async function queryOf(now: State): Promise<Record<string, Json>[]> {
  const query: Record<string, Json>[] = now.text ? [{ text: now.text }] : [];
  for (const part of now.parts) {
    if (part.kind === "item") {
      query.push({ item: part.id, weight: part.weight });
      continue;
    }
    const image = await pictureData(part.key);
    if (image !== null) query.push({ image, weight: part.weight });
  }
  return query;
}

/** All pages are of one version of the map; once that is gone the server says `map_changed`. */
async function* selected(now: State, name: string, signal: AbortSignal): Pages {
  let version = atlas.peek()?.version ?? null;
  for (let offset = 0; ; offset += PAGE) {
    const asked = { select: selectOf(now), offset, limit: PAGE };
    const of = version === null ? "" : `?${new URLSearchParams({ version })}`;
    const page = await api.post<Selected>(api.path.of(name, `map/items${of}`), asked, signal);
    version = page.version;
    const isLast = offset + PAGE >= page.total;
    yield { entries: page.items.map((one) => ({ ...one, score: null, weak: false })), total: page.total, isLast };
    if (isLast) return;
  }
}

interface Selected {
  version: string;
  items: MapItem[];
  total: number;
}

async function* all(name: string, signal: AbortSignal): Pages {
  let after: string | null = "";
  while (after !== null) {
    const page: Awaited<ReturnType<typeof api.items>> = await api.items(name, after, PAGE, signal);
    after = page.next;
    yield { entries: page.items.map((one) => entryOf(name, one)), isLast: after === null };
  }
}

/** What passes a filter, from the lines of an export: it needs no map. */
async function* passing(now: State, name: string, signal: AbortSignal): Pages {
  const filter = JSON.stringify(filterOf(now.filter));
  const survey = await api.get<{ items: number; notes: string[] }>(
    api.path.of(name, `export/survey?${new URLSearchParams({ filter })}`),
    signal,
  );
  const asked = new URLSearchParams({ format: "jsonl", vectors: "false", filter });
  const answer = await api.ask(api.path.of(name, `export?${asked}`), { signal });
  const rows = await firstLines(answer, MAX_ROWS);
  const entries = rows.map((row) => entryOf(name, { ...(row as Row), id: (row as Row).item_id }));
  const cut = survey.items > rows.length ? [`The first ${rows.length} are shown; narrow the filter to see others.`] : [];
  yield { entries, total: survey.items, notes: [...survey.notes, ...cut], isLast: true };
}

interface Row {
  item_id: string;
  uri: string;
  sha256: string;
  metadata: Metadata;
}

async function firstLines(answer: Response, most: number): Promise<unknown[]> {
  const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader();
  const found: unknown[] = [];
  let rest = "";
  while (found.length < most) {
    const { value, done } = await reader.read();
    const lines = (rest + (value ?? "")).split("\n");
    rest = lines.pop()!;
    for (const line of lines) if (line && found.length < most) found.push(JSON.parse(line));
    if (done) break;
  }
  void reader.cancel();
  return found;
}

function entryOf(name: string, item: { id: string; uri: string; metadata: Metadata; sha256: string }): Entry {
  const { id, uri, metadata, sha256 } = item;
  return { id, uri, metadata, thumbnail: api.path.thumbnail(name, id, sha256), score: null, weak: false };
}
