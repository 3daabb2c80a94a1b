// What the grid shows: entries of what is asked now, more of them as it is scrolled. Does not know where they come from.

import { effect, signal } from "@preact/signals";

import { AskError } from "./api.ts";
import { refreshAtlas } from "./atlas.ts";
import { type Entry, type Kind, kindOf, type Page, type Pages, pagesOf } from "./pages.ts";
import { state } from "./state.ts";

export interface Results {
  kind: Kind;
  entries: readonly Entry[];
  total: number | null; // null: not known
  isLoading: boolean;
  isWhole: boolean; // nothing more will come
  error: Error | null;
  notes: readonly string[];
  tookMs: number | null;
}

const NONE: Results = {
  kind: "all",
  entries: [],
  total: null,
  isLoading: false,
  isWhole: true,
  error: null,
  notes: [],
  tookMs: null,
};

export const results = signal<Results>(NONE);

/** The item that is pointed at, in the grid or on the map; the other one shows it. */
export const pointed = signal<string | null>(null);

const AGAIN_MS = 1_000; // a map that grows changes many times a second

let pages: Pages | null = null;
let running = new AbortController();

/** The next page, if there is one and none is on its way. */
export async function more(): Promise<void> {
  if (pages === null || results.value.isLoading || results.value.isWhole) return;
  const from = pages;
  results.value = { ...results.value, isLoading: true, error: null };
  try {
    const { value, done } = await from.next();
    if (from !== pages) return;
    results.value = done ? { ...results.value, isLoading: false, isWhole: true } : joined(results.value, value);
  } catch (error) {
    if (from !== pages) return;
    if (error instanceof AskError && error.code === "map_changed") return beginAnew(from);
    // the generator has ended with its error: what is there stays, `begin` tries anew
    results.value = { ...results.value, isLoading: false, isWhole: true, error: error as Error };
  }
}

/** Pages of two versions of the map do not fit together. */
async function beginAnew(from: Pages): Promise<void> {
  await Promise.all([refreshAtlas(), new Promise((resolve) => setTimeout(resolve, AGAIN_MS))]);
  if (from === pages) begin();
}

function joined(before: Results, page: Page): Results {
  return {
    ...before,
    entries: [...before.entries, ...page.entries],
    total: page.total ?? before.total,
    notes: page.notes ?? before.notes,
    tookMs: page.tookMs ?? before.tookMs,
    isLoading: false,
    isWhole: page.isLast ?? false,
  };
}

/** Anew from the first page. */
export function begin(): void {
  running.abort();
  running = new AbortController();
  const now = state.value;
  pages = now.collection === null ? null : pagesOf(now, now.collection, running.signal);
  results.value = { ...NONE, kind: kindOf(now), isWhole: pages === null };
  void more();
}

/** Whenever something else is asked; another item shown large, or a camera that moves, asks nothing. */
export function followState(): void {
  let before = "";
  effect(() => {
    const { collection, text, parts, filter, lasso, clusters } = state.value;
    const asked = JSON.stringify([collection, text, parts, filter, lasso, clusters]);
    if (asked === before) return;
    before = asked;
    begin();
  });
}
