// The point under the mouse, and after a short while what it is. Does not know how it is shown.

import { effect, signal, untracked } from "@preact/signals";

import { pointed } from "../results.ts";
import { state } from "../state.ts";
import type { MapItem } from "../wire.ts";
import { points } from "./sheet.ts";
import * as routes from "./routes.ts";

const WHILE_MS = 110;
const MOST_KEPT = 2_000;

export const under = signal<number | null>(null);
export const preview = signal<MapItem | null>(null);

const known = new Map<number, MapItem>();
let version = "";

/** Null where the row is gone, or the server does not answer: then there is just no preview. */
export async function itemAt(row: number, signal: AbortSignal): Promise<MapItem | null> {
  const now = points.peek();
  const name = state.peek().collection;
  if (now === null || name === null) return null;
  if (now.version !== version || known.size > MOST_KEPT) known.clear();
  version = now.version;
  const kept = known.get(row);
  if (kept !== undefined) return kept;
  try {
    const [found] = await routes.items(name, now.version, [row], signal);
    if (found === undefined) return null;
    known.set(row, found);
    return found;
  } catch {
    return null;
  }
}

/** Until the function it gives is called. */
export function followHover(): () => void {
  let timer = 0;
  let running = new AbortController();
  const ask = async (row: number): Promise<void> => {
    const asked = running;
    const found = await itemAt(row, asked.signal);
    if (asked.signal.aborted) return;
    preview.value = found;
    pointed.value = found?.id ?? null;
  };
  const stop = effect(() => {
    const row = under.value;
    clearTimeout(timer);
    running.abort();
    running = new AbortController();
    untracked(() => {
      if (preview.value !== null) pointed.value = null;
      preview.value = null;
    });
    if (row !== null) timer = window.setTimeout(() => void ask(row), WHILE_MS);
  });
  return () => {
    stop();
    clearTimeout(timer);
    running.abort();
    under.value = null;
  };
}
