// What is known of the collection that is open: its description and its map. Does not know how either is shown.

import { effect, signal } from "@preact/signals";

import * as api from "./api.ts";
import { asks } from "./asks.ts";
import { state } from "./state.ts";
import type { Collection, MapInfo } from "./wire.ts";

export const collections = signal<readonly Collection[] | null>(null);
export const described = signal<Collection | null>(null);
export const atlas = signal<MapInfo | null>(null);
export const trouble = signal<Error | null>(null);

export async function refreshCollections(): Promise<void> {
  try {
    collections.value = await api.collections();
    trouble.value = null;
  } catch (error) {
    trouble.value = error as Error;
  }
}

/** After anything that may have changed it: a job that ended, items that came or went. */
export async function refresh(): Promise<void> {
  const name = state.value.collection;
  if (name === null) {
    described.value = null;
    atlas.value = null;
    return;
  }
  await Promise.all([refreshDescription(name), refreshAtlas(name)]);
}

const askDescription = asks();
const askAtlas = asks();

async function refreshDescription(name: string): Promise<void> {
  const isNewest = askDescription();
  try {
    const found = await api.describe(name);
    if (state.value.collection === name && isNewest()) described.value = found;
    trouble.value = null;
  } catch (error) {
    if (state.value.collection === name) trouble.value = error as Error;
  }
}

/** Also called by the map itself, when the server says that it has changed. */
export async function refreshAtlas(name = state.value.collection): Promise<void> {
  if (name === null) return;
  const isNewest = askAtlas();
  const found = await api.mapInfo(name).catch(() => null);
  if (state.value.collection === name && isNewest()) atlas.value = found;
}

export function followCollection(): void {
  let name: string | null | undefined;
  effect(() => {
    if (state.value.collection === name) return;
    name = state.value.collection;
    described.value = null;
    atlas.value = null;
    void refresh();
  });
}
