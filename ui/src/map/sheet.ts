// What of the open collection's map is here: its points, their colours, which are selected, where the hits lie.
// Does not know how they are painted. All of it is of one version of the map; the server says when that is gone.

import { computed, signal } from "@preact/signals";

import { atlas } from "../atlas.ts";
import { filterOf } from "../filters.ts";
import { pointed, results } from "../results.ts";
import { selectOf } from "../selection.ts";
import { state } from "../state.ts";
import type { Json } from "../wire.ts";
import { follow } from "./latest.ts";
import { byCluster, byScore, type Colouring, type HitPoint } from "./legend.ts";
import { type Cells, cellsOf } from "./nearest.ts";
import { type Centre, centresOf, type Extent, extentOf, inkedShare, type Points, pointsOf } from "./points.ts";
import * as routes from "./routes.ts";

const MOST_HITS = 1_000; // ids of one question
const NO_POINTS = pointsOf("", new ArrayBuffer(0));

export const points = signal<Points | null>(null);
export const picked = signal<routes.Picked | null>(null); // null: nothing is selected, so all is shown alike
export const trouble = signal<Error | null>(null);
const field = signal<Colouring | null>(null);
const found = signal<{ version: string; hits: HitPoint[] } | null>(null);
const pointedAt = signal<{ version: string; row: number | null } | null>(null);

export const hits = computed<readonly HitPoint[]>(() => (found.value?.version === points.value?.version ? (found.value?.hits ?? []) : []));

/** The row of the item that is pointed at elsewhere, as in the grid. */
export const pointedRow = computed(() => {
  const known = hits.value.find((hit) => hit.id === pointed.value);
  if (known !== undefined) return known.row;
  return pointedAt.value?.version === points.value?.version ? (pointedAt.value?.row ?? null) : null;
});

export const colouring = computed<Colouring | null>(() => {
  const now = points.value;
  if (now === null) return null;
  const by = state.value.colour;
  if (by === "score" && results.value.kind === "hits") return byScore(now, hits.value);
  if (by !== "cluster" && by !== "score" && field.value?.version === now.version) return field.value;
  return byCluster(now);
});

export const extent = computed<Extent>(() => (points.value === null ? [-1, -1, 1, 1] : extentOf(points.value)));
export const share = computed(() => (points.value === null ? 1 : inkedShare(points.value, extent.value)));

export const centres = computed<readonly Centre[]>(() => (points.value === null ? [] : centresOf(points.value)));

/** For finding points by place: made when it is first asked for. */
export const cells = computed<Cells>(() => cellsOf(points.value ?? NO_POINTS, extent.value));

/** The name and version that all questions are about. */
function subject(): { name: string; version: string } | null {
  const name = state.value.collection;
  const version = atlas.value?.version ?? null;
  return name === null || version === null ? null : { name, version };
}

/** Until the function it gives is called. */
export function followMap(): () => void {
  const fail = (error: Error | null): void => {
    trouble.value = error;
  };
  const stops = [followPoints(fail), followField(fail), followSelection(fail), followHits(fail), followPointed(fail)];
  return () => {
    for (const stop of stops) stop();
  };
}

type Fail = (error: Error | null) => void;

function followPoints(fail: Fail): () => void {
  let shown: string | null = null;
  return follow<Points>(
    () => {
      const now = subject();
      if (now?.name !== shown) points.value = null; // another collection: its points are no stand-in
      shown = now?.name ?? null;
      return now && { key: `${now.name} ${now.version}`, ask: (signal) => routes.points(now.name, now.version, signal) };
    },
    (answer) => (points.value = answer),
    fail,
  );
}

function followField(fail: Fail): () => void {
  return follow<Colouring>(
    () => {
      const now = subject();
      const by = state.value.colour;
      if (now === null || by === "cluster" || by === "score") return null;
      const ask = async (signal: AbortSignal): Promise<Colouring> => {
        const both = [routes.legend(now.name, now.version, by, signal), routes.colours(now.name, now.version, by, signal)] as const;
        const [legend, bytes] = await Promise.all(both);
        return { version: now.version, legend, bytes };
      };
      return { key: `${now.name} ${now.version} ${by}`, ask };
    },
    (answer) => (field.value = answer),
    fail,
  );
}

function followSelection(fail: Fail): () => void {
  return follow<routes.Picked>(
    () => {
      const rows = points.value?.count ?? 0;
      const version = points.value?.version;
      const { collection: name, lasso, clusters, filter } = state.value;
      if (name === null || version === undefined || lasso.length + clusters.length + filter.length === 0) return null;
      const asked = selectOf(state.value) as Json;
      const key = JSON.stringify([name, version, lasso, clusters, filterOf(filter)]);
      return { key, ask: (signal) => routes.select(name, version, asked, rows, signal) };
    },
    (answer) => (picked.value = answer),
    fail,
  );
}

function followHits(fail: Fail): () => void {
  return follow<{ version: string; hits: HitPoint[] }>(
    () => {
      const now = subject();
      const { kind, entries } = results.value;
      if (now === null || kind !== "hits" || entries.length === 0) return null;
      const asked = entries.slice(0, MOST_HITS);
      const ids = asked.map((one) => one.id);
      const ask = async (signal: AbortSignal): Promise<{ version: string; hits: HitPoint[] }> => {
        const rows = await routes.rows(now.name, now.version, ids, signal);
        const all = asked.map((one, i) => ({ row: rows[i] ?? -1, id: one.id, score: one.score ?? 0, weak: one.weak }));
        return { version: now.version, hits: all.filter((one) => one.row >= 0) };
      };
      return { key: JSON.stringify([now, ids, asked.map((one) => one.score)]), ask };
    },
    (answer) => (found.value = answer),
    fail,
  );
}

function followPointed(fail: Fail): () => void {
  return follow<{ version: string; row: number | null }>(
    () => {
      const now = subject();
      const id = pointed.value;
      if (now === null || id === null || hits.value.some((hit) => hit.id === id)) return null;
      const ask = async (signal: AbortSignal): Promise<{ version: string; row: number | null }> => {
        const [row] = await routes.rows(now.name, now.version, [id], signal);
        return { version: now.version, row: row ?? null };
      };
      return { key: JSON.stringify([now, id]), ask };
    },
    (answer) => (pointedAt.value = answer),
    fail,
  );
}
