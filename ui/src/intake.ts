// Pictures on their way from this browser into a collection: a few at once, with what failed and a way to stop.
// Does not know where they were found.

import { signal } from "@preact/signals";

import { AskError, ask, path } from "./api.ts";
import { type Finding, isFound } from "./archive.ts";
import { refresh, refreshCollections } from "./atlas.ts";
import { begin } from "./results.ts";
import { state } from "./state.ts";

export interface Intake {
  collection: string;
  found: number;
  done: number;
  failed: number;
  failures: readonly { name: string; why: string }[]; // the first of them
  state: "running" | "done" | "stopped" | "away"; // away: the server is, so nothing more is sent
}

const AT_ONCE = 3; // one is read, one is sent, one is embedded
const TRIES = 5;
const MOST_TOLD = 200; // nobody reads more

export const intake = signal<Intake | null>(null);

let stopping = new AbortController();

/** A page that is left takes what is on its way along; so it is asked whether that is meant. */
export function followLeaving(): void {
  addEventListener("beforeunload", (event) => {
    if (intake.value?.state === "running") event.preventDefault();
  });
}

export function stop(): void {
  stopping.abort();
}

export async function takeIn(collection: string, findings: AsyncGenerator<Finding>): Promise<void> {
  stopping = new AbortController();
  intake.value = { collection, found: 0, done: 0, failed: 0, failures: [], state: "running" };
  await Promise.all(Array.from({ length: AT_ONCE }, () => work(collection, findings, stopping.signal)));
  const now = intake.value;
  if (now.state === "running") intake.value = { ...now, state: stopping.signal.aborted ? "stopped" : "done" };
  void refreshCollections();
  if (state.value.collection === collection) {
    void refresh();
    begin();
  }
}

/** Several workers share the findings: a generator answers one call after the other. */
async function work(collection: string, findings: AsyncGenerator<Finding>, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const { value: one, done } = await findings.next();
    if (done) return;
    count({ found: 1 });
    if (!isFound(one)) {
      fail(one.name, one.why);
      continue;
    }
    try {
      await send(collection, one, signal);
      count({ done: 1 });
    } catch (error) {
      if (signal.aborted) return;
      if (isAway(error) && !(await answers())) return leave();
      fail(one.name, (error as Error).message);
    }
  }
}

const isAway = (error: unknown): boolean => error instanceof AskError && error.code === "away";

/** A file may break off its connection alone; then the server is still there, and the others go on. */
async function answers(): Promise<boolean> {
  try {
    await ask("/livez");
    return true;
  } catch (error) {
    return !isAway(error);
  }
}

function leave(): void {
  intake.value = { ...intake.value!, state: "away" };
  stopping.abort();
}

async function send(collection: string, one: { name: string; data: Blob }, signal: AbortSignal): Promise<void> {
  const body = new FormData();
  body.append("file", one.data, one.name.split("/").pop()!);
  body.append("uri", one.name);
  body.append("wait", "false");
  for (let tries = 1; ; tries++) {
    try {
      await ask(path.of(collection, "items"), { method: "POST", body, signal });
      return;
    } catch (error) {
      const waitS = error instanceof AskError && [429, 503].includes(error.status) ? (error.retryAfterS ?? 1) : null;
      if (waitS === null || tries === TRIES) throw error;
      await new Promise((resolve) => setTimeout(resolve, waitS * 1000));
    }
  }
}

function count(more: { found?: number; done?: number }): void {
  const now = intake.value!;
  intake.value = { ...now, found: now.found + (more.found ?? 0), done: now.done + (more.done ?? 0) };
}

function fail(name: string, why: string): void {
  const now = intake.value!;
  const failures = now.failures.length < MOST_TOLD ? [...now.failures, { name, why }] : now.failures;
  intake.value = { ...now, failed: now.failed + 1, failures };
}
