// How a map is asked for: by what it is drawn, which words name its clusters. Does not know how far its drawing is.

import { useState } from "preact/hooks";

import { refreshAtlas } from "../atlas.ts";
import { mapCommand } from "../commands.ts";
import { state } from "../state.ts";
import { CopyAs } from "../views/copying.tsx";
import type { Json } from "../wire.ts";
import * as routes from "./routes.ts";

const ALGORITHMS = [["auto", "the best there is"], ["umap", "UMAP: neighbours lie together"], ["pca", "PCA: quick and rough"]] as const;

export function Order({ label }: { label: string }) {
  const [algorithm, setAlgorithm] = useState("auto");
  const [words, setWords] = useState("");
  const [error, setError] = useState<Error | null>(null);
  const [isAsked, setAsked] = useState(false);
  const order = orderOf(algorithm, words);
  const ask = async (): Promise<void> => {
    setAsked(true);
    setError(null);
    try {
      await routes.draw(state.value.collection!, order);
      await refreshAtlas();
    } catch (failure) {
      setError(failure as Error);
    }
    setAsked(false);
  };
  return (
    <form class="map-order" onSubmit={(event) => { event.preventDefault(); void ask(); }}>
      {error !== null && <p class="trouble" role="alert">{error.message}</p>}
      <div class="row wrap">
        <button type="submit" class="button primary" disabled={isAsked}>{label}</button>
        <CopyAs what="drawing the map" make={(origin, hasKey) => mapCommand(state.value.collection!, order, origin, hasKey)} />
      </div>
      <details>
        <summary>Options</summary>
        <label>
          Drawn by
          <select value={algorithm} onChange={(event) => setAlgorithm(event.currentTarget.value)}>
            {ALGORITHMS.map(([value, name]) => <option key={value} value={value}>{name}</option>)}
          </select>
        </label>
        <label>
          Words that clusters may be named by
          <textarea rows={3} value={words} onInput={(event) => setWords(event.currentTarget.value)} placeholder="one a line; none: everyday words" />
        </label>
      </details>
    </form>
  );
}

/** What is not asked for is left to the server. */
function orderOf(algorithm: string, words: string): Record<string, Json> {
  const vocabulary = words.split(/[\n,]/).map((word) => word.trim()).filter(Boolean);
  return { algorithm, ...(vocabulary.length ? { vocabulary } : {}) };
}
