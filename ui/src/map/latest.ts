// Keeps one answer up to date: asks when the question is another, and forgets what comes too late.
// Does not know what is asked.

import { effect, signal, untracked } from "@preact/signals";

import { AskError } from "../api.ts";
import { refreshAtlas } from "../atlas.ts";

/** key: of equal ones the answer is the same. */
export interface Question<T> {
  key: string;
  ask: (signal: AbortSignal) => Promise<T>;
}

const AGAIN_MS = 1_000;

/** question reads signals. take: given null where nothing is asked; until an answer comes the one before stays. */
export function follow<T>(question: () => Question<T> | null, take: (answer: T | null) => void, fail: (error: Error | null) => void): () => void {
  const tries = signal(0);
  let before: string | null | undefined;
  let running = new AbortController();

  const answer = async ({ ask }: Question<T>, asked: AbortController): Promise<void> => {
    try {
      const found = await ask(asked.signal);
      if (asked.signal.aborted) return;
      take(found);
      fail(null);
    } catch (error) {
      if (asked.signal.aborted) return;
      if (error instanceof AskError && error.code === "map_changed") {
        await refreshAtlas(); // the new version makes another question
        setTimeout(() => {
          if (asked.signal.aborted) return;
          before = undefined;
          tries.value++;
        }, AGAIN_MS);
      } else {
        before = undefined; // a look at the map asks again
        fail(error as Error);
      }
    }
  };

  const stop = effect(() => {
    const now = question();
    if (tries.value >= 0 && (now?.key ?? null) === before) return;
    before = now?.key ?? null;
    running.abort();
    running = new AbortController();
    untracked(() => (now === null ? take(null) : void answer(now, running)));
  });
  return () => {
    stop();
    running.abort();
  };
}
