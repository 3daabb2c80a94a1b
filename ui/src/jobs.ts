// Jobs as they go on: one stream of events at a time says when to look again. Does not know what a job does.

import { computed, signal } from "@preact/signals";

import * as api from "./api.ts";
import { asks } from "./asks.ts";
import { refresh, refreshCollections } from "./atlas.ts";
import { begin } from "./results.ts";
import { state } from "./state.ts";
import type { Job } from "./wire.ts";

const LOOK_MS = 15_000; // jobs may be begun elsewhere
const PAUSE_MS = 500; // between two looks while events come

export const jobs = signal<readonly Job[]>([]);
export const isUnfinished = (job: Job): boolean => job.state === "planning" || job.state === "running";
export const running = computed(() => jobs.value.filter(isUnfinished));

/** The newest job of a kind in the collection that is open. */
export function newest(kind: string): Job | null {
  return jobs.value.find((job) => job.kind === kind && job.collection === state.value.collection) ?? null;
}

const askJobs = asks();
let over: ReadonlySet<number> | null = null; // the jobs that had ended when we last looked; null before the first look

/** Looks now; call it after what begins or moves a job. */
export async function look(): Promise<void> {
  const isNewest = askJobs();
  let found: Job[];
  try {
    found = await api.jobs();
  } catch {
    return; // the next look tells more; views that need the server say that it is away
  }
  if (!isNewest()) return;
  jobs.value = found;
  const known = over;
  const all = found.filter((job) => !isUnfinished(job));
  over = new Set(all.map((job) => job.id));
  const ended = known === null ? [] : all.filter((job) => !known.has(job.id)); // a short one was never seen at work
  if (ended.length) {
    void refresh();
    void refreshCollections();
  }
  if (ended.some((job) => job.kind !== "map" && job.collection === state.value.collection)) begin();
  if (running.value.length && !isListening) void listen(running.value[0]!.id);
}

export function followJobs(): void {
  void look();
  setInterval(() => {
    if (document.visibilityState === "visible" && !isListening) void look();
  }, LOOK_MS);
}

let isListening = false;

/** Until the job has ended. Read by fetch, for an EventSource cannot send a key. */
async function listen(id: number): Promise<void> {
  isListening = true;
  try {
    const answer = await api.ask(`/v1/jobs/${id}/events`, { headers: { accept: "text/event-stream" } });
    const reader = answer.body!.getReader();
    while (!(await reader.read()).done) {
      await look();
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  } catch {
    // broken off: what is polled goes on
    await new Promise((resolve) => setTimeout(resolve, 4 * PAUSE_MS));
  } finally {
    isListening = false;
  }
  await look();
}
