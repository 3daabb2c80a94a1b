// The point under the mouse, and after a short while what it is. Does not know how it is shown.

import { effect, signal, untracked } from "@preact/signals";

import { pointed } from "../results.ts";
import type { MapItem } from "../wire.ts";
import { itemsAt } from "./items.ts";
import { points } from "./sheet.ts";

const WHILE_MS = 110;

export const under = signal<number | null>(null);
export const preview = signal<MapItem | null>(null);

/** Until the function it gives is called. */
export function followHover(): () => void {
  let timer = 0;
  let running = new AbortController();
  const ask = async (row: number): Promise<void> => {
    const asked = running;
    const found = (await itemsAt([row], asked.signal)).get(row);
    if (asked.signal.aborted) return;
    preview.value = found ?? null;
    pointed.value = found?.id ?? null;
  };
  const stopForgetting = effect(() => {
    void points.value; // of another version the same row is another item
    under.value = null;
  });
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
    stopForgetting();
    stop();
    clearTimeout(timer);
    running.abort();
    under.value = null;
  };
}
