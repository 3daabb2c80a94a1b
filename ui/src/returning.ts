// While the server is away it is asked again by itself, and what is shown is looked for anew once it is back.
// Does not know what is shown meanwhile.

import { effect, untracked } from "@preact/signals";

import * as api from "./api.ts";
import { refresh, refreshCollections } from "./atlas.ts";
import { isAway } from "./away.ts";
import { look } from "./jobs.ts";
import { begin, results } from "./results.ts";

const PAUSE_MS = 3_000;

export function followAway(): void {
  let wasAway = false;
  effect(() => {
    const isBack = wasAway && !isAway.value;
    wasAway = isAway.value;
    if (isBack) untracked(lookAnew);
    if (!isAway.value) return;
    const timer = setInterval(() => void api.ask("/livez").catch(() => undefined), PAUSE_MS); // an answer changes isAway
    return () => clearInterval(timer);
  });
}

function lookAnew(): void {
  for (const again of [refreshCollections, refresh, look]) void again();
  if (results.peek().error !== null) begin();
}
