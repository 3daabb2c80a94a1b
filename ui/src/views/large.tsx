// One item, large: its picture, what is known of it, what is most like it. Does not know what stands behind it.

import { useEffect, useRef, useState } from "preact/hooks";

import * as api from "../api.ts";
import { askLike } from "../asking.ts";
import { bytes, nameOf } from "../naming.ts";
import { results } from "../results.ts";
import { amend, go, state } from "../state.ts";
import type { Hit, Item, Json } from "../wire.ts";
import { add } from "./filters.tsx";
import { Icon } from "./icon.tsx";
import { Picture } from "./picture.tsx";

const NEIGHBOURS = 12;

export function Large() {
  const dialog = useRef<HTMLDialogElement>(null);
  const { item: id, collection } = state.value;
  const item = useItem(collection, id);

  useEffect(() => {
    if (id === null) dialog.current!.close();
    else if (!dialog.current!.open) dialog.current!.showModal();
  }, [id]);

  return (
    <dialog ref={dialog} class="large" aria-label="Picture" onKeyDown={(event) => onKeyDown(event)} onClose={() => state.value.item !== null && go({ item: null })}>
      {id !== null && collection !== null && (
        <>
          <div class="stage">
            {item instanceof Error ? (
              <span class="no-picture">{isUnknown(item) ? "It is not there." : "It cannot be shown."}</span>
            ) : (
              <Picture key={id} src={api.path.picture(collection, id)} fallback={api.path.thumbnail(collection, id)} alt={item ? nameOf(item) : id} missing="The picture cannot be read." />
            )}
            <Step by={-1} icon="left" />
            <Step by={1} icon="right" />
          </div>
          <aside class="facts">
            <button class="plain leave" aria-label="Close" title="Close (Esc)" onClick={() => go({ item: null })}>
              <Icon name="close" />
            </button>
            {item instanceof Error ? <p role="alert">{item.message}</p> : <Facts item={item} />}
            {!(item instanceof Error) && (
              <>
                <Likings id={id} />
                <Neighbours key={id} collection={collection} id={id} />
              </>
            )}
          </aside>
        </>
      )}
    </dialog>
  );
}

const isUnknown = (error: Error): boolean => error instanceof api.AskError && error.status === 404;

function Likings({ id }: { id: string }) {
  return (
    <div class="row wrap">
      <button class="button" onClick={() => askLike(id, true)}>
        <Icon name="more" /> More like this
      </button>
      <button class="button" onClick={() => askLike(id, false)}>
        <Icon name="less" /> Less like this
      </button>
    </div>
  );
}

function Facts({ item }: { item: Item | null }) {
  if (item === null) return <p class="hint">Loading</p>;
  const score = results.value.entries.find((one) => one.id === item.id)?.score ?? null;
  const rows = Object.entries(item.metadata);
  return (
    <>
      <h2>{nameOf(item)}</h2>
      {score !== null && <p class="hint">Score {score.toFixed(3)}</p>}
      <dl>
        {rows.map(([name, value]) => (
          <Fact key={name} name={name} value={value} />
        ))}
      </dl>
      <details open={rows.length === 0}>
        <summary>About the file</summary>
        <dl class="file">
          <dt>id</dt>
          <dd>{item.id}</dd>
          {item.uri && <dt>from</dt>}
          {item.uri && <dd>{item.uri}</dd>}
          <dt>size</dt>
          <dd>{bytes(item.size_bytes)}</dd>
          <dt>sha256</dt>
          <dd>{item.sha256}</dd>
        </dl>
      </details>
    </>
  );
}

function Fact({ name, value }: { name: string; value: Json }) {
  const isPlain = value !== null && typeof value !== "object";
  return (
    <>
      <dt>{name}</dt>
      <dd>
        {isPlain ? (
          <button class="value" title={`Only where ${name} is ${String(value)}`} onClick={() => { go({ item: null }); add({ field: name, op: "eq", value }); }}>
            {String(value)}
          </button>
        ) : (
          JSON.stringify(value)
        )}
      </dd>
    </>
  );
}

function Neighbours({ collection, id }: { collection: string; id: string }) {
  const [hits, setHits] = useState<readonly Hit[] | null>(null);
  useEffect(() => {
    const leaving = new AbortController();
    const asked = { query: [{ item: id }], k: NEIGHBOURS, offset: 0 };
    api.search(collection, asked, leaving.signal).then((found) => setHits(found.hits), () => setHits([]));
    return () => leaving.abort();
  }, [collection, id]);
  if (hits !== null && hits.length === 0) return null;
  return (
    <section>
      <h3>Most like it</h3>
      <ul class="strip">
        {(hits ?? []).map((hit) => (
          <li key={hit.id}>
            <button title={`${nameOf(hit)}, ${hit.score.toFixed(2)}`} aria-label={`${nameOf(hit)}, score ${hit.score.toFixed(2)}`} onClick={() => go({ item: hit.id })}>
              <Picture src={hit.thumbnail} alt="" />
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Step({ by, icon }: { by: 1 | -1; icon: "left" | "right" }) {
  if (beside(by) === null) return null;
  return (
    <button class={`round step ${icon}`} aria-label={by > 0 ? "Next picture" : "Picture before"} onClick={() => step(by)}>
      <Icon name={icon} />
    </button>
  );
}

function onKeyDown(event: KeyboardEvent): void {
  if (event.key === "ArrowRight") step(1);
  if (event.key === "ArrowLeft") step(-1);
}

function step(by: 1 | -1): void {
  const next = beside(by);
  if (next !== null) amend({ item: next });
}

function beside(by: 1 | -1): string | null {
  const { entries } = results.value;
  const at = entries.findIndex((one) => one.id === state.value.item);
  return at < 0 ? null : (entries[at + by]?.id ?? null);
}

function useItem(collection: string | null, id: string | null): Item | Error | null {
  const [found, setFound] = useState<Item | Error | null>(null);
  useEffect(() => {
    if (collection === null || id === null) return;
    let isWanted = true;
    setFound(null);
    api.item(collection, id).then((one) => isWanted && setFound(one), (error: Error) => isWanted && setFound(error));
    return () => {
      isWanted = false;
    };
  }, [collection, id]);
  return found;
}
