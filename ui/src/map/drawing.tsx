// What stands where there is no map yet: an offer to draw one, or how far its drawing is. Does not know other jobs.

import { useEffect } from "preact/hooks";

import { refreshAtlas } from "../atlas.ts";
import { moveJob } from "../api.ts";
import { number } from "../naming.ts";
import type { Job, MapInfo } from "../wire.ts";
import { Order } from "./order.tsx";

const LOOK_MS = 700;
const ENDED: readonly Job["state"][] = ["done", "failed", "cancelled"];
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
  const before = map.job?.state === "failed" ? map.job : null;
  return (
    <div class="map-offer">
      <Constellation />
      <h2>See all {number(map.items)} pictures at once</h2>
      <p>Pictures that look alike come to lie together, and what lies together gets a name.</p>
      {before !== null && <p class="trouble" role="alert">The last drawing failed: {before.message ?? before.reason}</p>}
      <Order label="Draw the map" />
    </div>
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

