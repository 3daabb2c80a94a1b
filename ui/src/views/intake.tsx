// How far pictures from this browser are, in a corner; and a path on the server to take in. Does not know how they go.

import { useState } from "preact/hooks";

import * as api from "../api.ts";
import { ingestCommand } from "../commands.ts";
import { type Intake, intake, stop } from "../intake.ts";
import { look } from "../jobs.ts";
import { counted, number } from "../naming.ts";
import { state } from "../state.ts";
import { CopyAs } from "./copying.tsx";
import { chooseFiles } from "./dropping.tsx";
import { Icon } from "./icon.tsx";
import { isShown } from "./jobs.tsx";
import { Menu } from "./menu.tsx";

export function IntakeProgress() {
  const now = intake.value;
  if (now === null) return null;
  const settled = now.done + now.failed;
  return (
    <aside class="corner" aria-label="Pictures on their way">
      <div class="row">
        <strong role="status">
          {titleOf(now)}
        </strong>
        {now.state === "running" ? (
          <button class="button small" onClick={stop}>
            Stop
          </button>
        ) : (
          <button class="plain" aria-label="Close" onClick={() => (intake.value = null)}>
            <Icon name="close" />
          </button>
        )}
      </div>
      {now.state === "running" && <progress max={Math.max(1, now.found)} value={settled} aria-label="Pictures taken in" />}
      <p class="hint">
        {number(now.done)} of {number(now.found)} {now.state === "running" ? "found so far" : "taken in"}
        {now.state === "away" && "; drop them again once it is back: what is there is not taken in twice"}
      </p>
      {now.failures.length > 0 && (
        <details>
          <summary>{counted(now.failed, "file")} left out</summary>
          <ul class="failures">
            {now.failures.map((one) => (
              <li key={one.name}>
                <span class="path">{one.name}</span> {one.why}
              </li>
            ))}
            {now.failed > now.failures.length && <li>and {number(now.failed - now.failures.length)} more</li>}
          </ul>
        </details>
      )}
    </aside>
  );
}

function titleOf({ state, done, collection }: Intake): string {
  switch (state) {
    case "running":
      return `Taking in to ${collection}`;
    case "stopped":
      return "Stopped";
    case "away":
      return "The server is away";
    case "done":
      return `${counted(done, "picture")} taken in to ${collection}`;
  }
}

export function TakeIn() {
  const name = state.value.collection!;
  const [source, setSource] = useState("");
  const [trouble, setTrouble] = useState("");
  const send = async (close: () => void): Promise<void> => {
    try {
      await api.takeIn(name, source.trim());
      setTrouble("");
      isShown.value = true;
      close();
      await look();
    } catch (error) {
      setTrouble((error as Error).message);
    }
  };
  return (
    <Menu title="Add pictures" side="right" label={<><Icon name="plus" /> <span class="wide">Add</span></>}>
      {(close) => (
        <div class="form">
          <p class="hint">Drop pictures, a folder or a zip archive anywhere on this page, or choose them:</p>
          <div class="row wrap">
            <button class="button" onClick={() => { chooseFiles(false); close(); }}>
              Pictures or a zip
            </button>
            <button class="button" onClick={() => { chooseFiles(true); close(); }}>
              A folder
            </button>
          </div>
          <form
            class="form"
            onSubmit={(event) => {
              event.preventDefault();
              void send(close);
            }}
          >
            <label>
              A folder, table or tar file on the server
              <input required placeholder="/srv/photos" value={source} onInput={(event) => setSource(event.currentTarget.value)} />
            </label>
            {trouble && <p class="trouble" role="alert">{trouble}</p>}
            <div class="row">
              <button class="button primary">Take it in</button>
              <CopyAs what="this" make={(origin, hasKey) => ingestCommand(name, source || "/srv/photos", origin, hasKey)} />
            </div>
          </form>
        </div>
      )}
    </Menu>
  );
}
