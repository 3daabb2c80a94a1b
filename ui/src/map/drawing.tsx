// What stands where there is no map yet: an offer to draw one, or how far its drawing is. Does not know jobs elsewhere.

import { useEffect, useState } from "preact/hooks";

import { refreshAtlas } from "../atlas.ts";
import { moveJob } from "../api.ts";
import { number } from "../naming.ts";
import { state } from "../state.ts";
import type { Job, MapInfo } from "../wire.ts";
import * as routes from "./routes.ts";

const LOOK_MS = 700;
const ENDED: readonly Job["state"][] = ["done", "failed", "cancelled"];
const ALGORITHMS = [["auto", "the best there is"], ["umap", "UMAP: neighbours lie together"], ["pca", "PCA: quick, the rough lie"]] as const;
const STAGES: Record<string, string> = {
  vectors: "Reading the vectors",
  graph: "Finding neighbours",
  layout: "Laying out",
  places: "Placing the others",
  clusters: "Finding clusters",
};

export function isUnderWay(job: Job | null): job is Job {
  return job !== null && !ENDED.includes(job.state);
}

/** Looks again and again while a drawing is under way. */
export function useProgress(map: MapInfo | null): void {
  const isDrawn = isUnderWay(map?.job ?? null);
  useEffect(() => {
    if (!isDrawn) return;
    const timer = setInterval(() => void refreshAtlas(), LOOK_MS);
    return () => clearInterval(timer);
  }, [isDrawn]);
}

export function Progress({ job }: { job: Job }) {
  const share = Math.min(job.done / Math.max(job.total, 1), 1);
  const isPaused = job.state === "paused";
  return (
    <div class="map-progress">
      <p>
        <span role="status">{isPaused ? "Paused" : (STAGES[job.stage ?? ""] ?? "The map is being drawn")}</span>
        <span>{Math.round(100 * share)} %</span>
      </p>
      <progress max={1} value={share} aria-label="The map is being drawn" />
      <button type="button" class="button" onClick={() => void moveJob(job.id, "cancel").then(() => refreshAtlas())}>Cancel</button>
    </div>
  );
}

export function Offer({ map }: { map: MapInfo }) {
  const [error, setError] = useState<Error | null>(null);
  const [isAsked, setAsked] = useState(false);
  const before = map.job?.state === "failed" ? map.job : null;
  const ask = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const words = String(form.get("words") ?? "").split(/[\n,]/).map((word) => word.trim()).filter(Boolean);
    setAsked(true);
    setError(null);
    try {
      await routes.draw(state.value.collection!, { algorithm: String(form.get("algorithm")), vocabulary: words });
      await refreshAtlas();
    } catch (failure) {
      setError(failure as Error);
    }
    setAsked(false);
  };
  return (
    <form class="map-offer" onSubmit={(event) => void ask(event)}>
      <Constellation />
      <h2>See all {number(map.items)} pictures at once</h2>
      <p>Pictures that look alike come to lie together, and what lies together gets a name.</p>
      {before !== null && <p role="alert">The last drawing failed: {before.message ?? before.reason}</p>}
      {error !== null && <p role="alert">{error.message}</p>}
      <button type="submit" class="button primary" disabled={isAsked}>Draw the map</button>
      <details>
        <summary>Options</summary>
        <label>
          Drawn by
          <select name="algorithm">{ALGORITHMS.map(([value, name]) => <option key={value} value={value}>{name}</option>)}</select>
        </label>
        <label>
          Words that clusters may be named by
          <textarea name="words" rows={3} placeholder="one a line; none: everyday words" />
        </label>
      </details>
    </form>
  );
}

/** A picture of what there will be. */
function Constellation() {
  const clusters = [[30, 34, 0], [84, 22, 1], [70, 58, 2], [122, 48, 3]] as const;
  return (
    <svg class="map-constellation" viewBox="0 0 150 84" aria-hidden="true">
      {clusters.flatMap(([x, y, ink]) =>
        Array.from({ length: 13 }, (_, i) => {
          const far = 4.6 * Math.sqrt(i);
          const turn = i * 2.4; // the golden angle: no two in a line
          return <circle key={`${ink} ${i}`} class={`ink-${ink}`} cx={x + far * Math.cos(turn)} cy={y + far * Math.sin(turn)} r={2.1} />;
        }),
      )}
    </svg>
  );
}

