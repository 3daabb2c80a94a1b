// Groups of which one picture is enough: found, paged, removed. Does not know how they are shown.

import { signal } from "@preact/signals";

import * as api from "./api.ts";
import { refresh, refreshCollections } from "./atlas.ts";
import { begin as beginResults } from "./results.ts";
import type { Group } from "./wire.ts";

export interface Repeats {
  groups: readonly Group[];
  totalGroups: number;
  totalCopies: number;
  next: number | null;
  isLoading: boolean;
  error: Error | null;
}

const NONE: Repeats = { groups: [], totalGroups: 0, totalCopies: 0, next: 0, isLoading: false, error: null };
const PAGE = 20;
const MANY = 1000; // in a page that is only counted through
const AT_ONCE = 10_000; // ids that one request removes

export const repeats = signal<Repeats>(NONE);

let asked: { name: string; threshold: string; keep: string } | null = null;
let running = new AbortController();

export function find(name: string, order: { threshold: string; keep: string }): void {
  running.abort();
  running = new AbortController();
  asked = { name, ...order };
  repeats.value = NONE;
  void more();
}

/** Nobody waits for it any more: the server may stop comparing. */
export function leave(): void {
  running.abort();
  asked = null;
}

export async function more(): Promise<void> {
  const [order, from] = [asked, repeats.value];
  if (order === null || from.next === null || from.isLoading) return;
  repeats.value = { ...from, isLoading: true, error: null };
  try {
    const { name, threshold, keep } = order;
    const page = { threshold, keep, offset: String(from.next), limit: String(PAGE) };
    const got = await api.duplicates(name, page, running.signal);
    if (order !== asked) return;
    repeats.value = {
      groups: [...from.groups, ...got.groups],
      totalGroups: got.total_groups,
      totalCopies: got.total_copies,
      next: got.next_offset,
      isLoading: false,
      error: null,
    };
  } catch (error) {
    if (order === asked) repeats.value = { ...from, isLoading: false, error: error as Error };
  }
}

/** Takes copies out, and looks again. Without groups: those of all groups, seen or not. */
export async function removeCopies(groups: readonly Group[] | null): Promise<number> {
  const order = asked!;
  const ids = (groups ?? (await allGroups(order))).flatMap((group) => group.copies.map((copy) => copy.id));
  let removed = 0;
  for (let at = 0; at < ids.length; at += AT_ONCE) removed += (await api.remove(order.name, ids.slice(at, at + AT_ONCE))).removed;
  find(order.name, order);
  beginResults();
  void refresh();
  void refreshCollections();
  return removed;
}

async function allGroups(order: { name: string; threshold: string; keep: string }): Promise<Group[]> {
  const found: Group[] = [];
  for (let offset: number | null = 0; offset !== null; ) {
    const { name, threshold, keep } = order;
    const page: Awaited<ReturnType<typeof api.duplicates>> = await api.duplicates(name, { threshold, keep, offset: String(offset), limit: String(MANY) });
    found.push(...page.groups);
    offset = page.next_offset;
  }
  return found;
}
