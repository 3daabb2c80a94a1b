// The drawer of jobs: how far each is, what failed, and what can be done about it. Does not know how they are followed.

import { signal } from "@preact/signals";
import { useEffect, useRef, useState } from "preact/hooks";

import * as api from "../api.ts";
import { isUnfinished, jobs, look } from "../jobs.ts";
import { counted, day, number, seconds } from "../naming.ts";
import type { Failure, Job } from "../wire.ts";
import { Icon } from "./icon.tsx";

export const isShown = signal(false);

/** What had the focus before has it again when the drawer is closed. */
let before: Element | null = null;

export function toggle(): void {
  if (isShown.value) return close();
  before = document.activeElement;
  isShown.value = true;
}

function close(): void {
  isShown.value = false;
  if (before instanceof HTMLElement) before.focus();
}

export function Jobs() {
  const closer = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (!isShown.value) return;
    closer.current!.focus();
    void look();
  }, [isShown.value]);
  if (!isShown.value) return null;
  return (
    <aside class="drawer" aria-label="Jobs" onKeyDown={(event) => event.key === "Escape" && close()}>
      <div class="row">
        <h2>Jobs</h2>
        <button ref={closer} class="plain" aria-label="Close the jobs" onClick={close}>
          <Icon name="close" />
        </button>
      </div>
      {jobs.value.length === 0 && <p class="hint">No job yet. Taking a folder in and drawing a map are jobs: they go on when this page is closed.</p>}
      <ul class="jobs">
        {jobs.value.map((job) => (
          <li key={job.id}>
            <OneJob job={job} />
          </li>
        ))}
      </ul>
    </aside>
  );
}

const KINDS: Record<string, string> = { ingest: "Taking in", map: "Drawing the map of", "re-embed": "Embedding anew" };

export function OneJob({ job }: { job: Job }) {
  const [isOpen, setOpen] = useState(false);
  const [trouble, setTrouble] = useState("");
  const move = async (to: "pause" | "resume" | "cancel" | "retry"): Promise<void> => {
    try {
      await api.moveJob(job.id, to);
      setTrouble("");
    } catch (error) {
      setTrouble((error as Error).message);
    }
    await look();
  };
  return (
    <article class={`job is-${job.state}`}>
      <div class="row">
        <strong>
          {KINDS[job.kind] ?? job.kind} {job.collection}
        </strong>
        <span class="hint">{isUnfinished(job) ? (job.stage ?? job.state) : job.state}</span>
      </div>
      {job.source && <p class="hint path">{job.source}</p>}
      {isUnfinished(job) || job.state === "paused" ? <Bar job={job} /> : <p class="hint">{ended(job)}</p>}
      {job.message && <p class={job.state === "failed" ? "trouble" : "hint"}>{job.message}</p>}
      {trouble && <p class="trouble" role="alert">{trouble}</p>}
      <div class="row wrap">
        {isUnfinished(job) && <Do what="Pause" job={job} act={() => move("pause")} />}
        {(job.state === "paused" || job.state === "failed") && <Do what="Resume" job={job} act={() => move("resume")} />}
        {(isUnfinished(job) || job.state === "paused") && <Do what="Cancel" job={job} act={() => move("cancel")} />}
        {job.failed > 0 && <Do what={isOpen ? "Hide failures" : `Show ${counted(job.failed, "failure")}`} job={job} act={() => setOpen(!isOpen)} />}
        {job.failed > 0 && !isUnfinished(job) && <Do what="Try them again" job={job} act={() => move("retry")} />}
      </div>
      {isOpen && <Failures id={job.id} />}
    </article>
  );
}

function Do({ what, job, act }: { what: string; job: Job; act: () => unknown }) {
  return (
    <button class="button small" aria-label={`${what}: job ${job.id}`} onClick={() => void act()}>
      {what}
    </button>
  );
}

function Bar({ job }: { job: Job }) {
  const settled = job.done + job.failed;
  const share = job.total ? Math.floor((100 * settled) / job.total) : 0;
  const facts = [
    job.kind === "map" ? `${share} %` : `${number(settled)} of ${number(job.total)}`,
    job.per_second && job.kind !== "map" ? `${number(job.per_second)} a second` : "",
    job.eta_s ? `${seconds(job.eta_s)} left` : "",
  ];
  return (
    <>
      <progress max={job.total || 1} value={settled} aria-label={`Job ${job.id}`} />
      <p class="hint">{facts.filter(Boolean).join(" · ")}</p>
    </>
  );
}

function ended(job: Job): string {
  const when = job.finished_at === null ? "" : `, ${day(job.finished_at)}`;
  return job.kind === "map" ? `map${when}` : `${counted(job.done, "picture")}${job.failed ? `, ${number(job.failed)} failed` : ""}${when}`;
}

function Failures({ id }: { id: number }) {
  const [found, setFound] = useState<readonly Failure[]>([]);
  useEffect(() => void api.failures(id).then(setFound, () => setFound([])), [id]);
  return (
    <ul class="failures">
      {found.map((one) => (
        <li key={one.id}>
          <span class="path">{one.uri || one.id}</span> {one.message}
        </li>
      ))}
    </ul>
  );
}
