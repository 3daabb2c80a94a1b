// The API key, where the server has one: asked for once, kept while the tab is open. Does not know who asks.

import { signal } from "@preact/signals";

const PLACE = "sightline-key";

export const key = signal<string | null>(sessionStorage.getItem(PLACE));
export const isRefused = signal(false);

export function keep(value: string): void {
  sessionStorage.setItem(PLACE, value);
  key.value = value;
  isRefused.value = false;
}

export function authorisation(): Record<string, string> {
  return key.value === null ? {} : { authorization: `Bearer ${key.value}` };
}
