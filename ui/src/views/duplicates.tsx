// Groups of the same picture: what is kept, its copies, and a way to take them out. Does not know how they are found.

import { signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";

import { path } from "../api.ts";
import { counted, nameOf } from "../naming.ts";
import { find, leave, more, removeCopies, repeats } from "../repeats.ts";
import { go, state } from "../state.ts";
import type { Group, Item } from "../wire.ts";
import { Failure, Notice } from "./notice.tsx";
import { Picture } from "./picture.tsx";

const THRESHOLDS = [
  ["exact", "the same bytes"],
  ["0.99", "hardly changed (0.99)"],
  ["0.97", "nearly the same (0.97)"],
  ["0.95", "much alike (0.95)"],
  ["0.9", "alike (0.90)"],
] as const;

const RULES = [
  ["largest", "the largest file"],
  ["oldest", "the oldest"],
  ["first_by_path", "the first by path"],
] as const;

/** What is to be taken out, while it is asked whether it is meant. groups: null for those of all. */
const meant = signal<{ groups: readonly Group[] | null; copies: number } | null>(null);

export function Duplicates() {
  const { collection, duplicates } = state.value;
  const now = repeats.value;
  useEffect(() => {
    find(collection!, duplicates);
    return leave;
  }, [collection, duplicates.threshold, duplicates.keep]);
  return (
    <section class="duplicates" aria-label="Duplicates">
      <Order />
      <div class="row wrap">
        <p class="count" role="status">
          {now.isLoading && now.groups.length === 0 ? "Comparing pictures" : now.error ? "" : `${counted(now.totalGroups, "group")}, ${counted(now.totalCopies, "copy", "copies")} more than needed`}
        </p>
        {now.totalCopies > 0 && (
          <button class="button" onClick={() => (meant.value = { groups: null, copies: now.totalCopies })}>
            Remove all {counted(now.totalCopies, "copy", "copies")}
          </button>
        )}
      </div>
      {now.error !== null && <Failure error={now.error} retry={() => find(collection!, duplicates)} />}
      {!now.isLoading && now.error === null && now.groups.length === 0 && (
        <Notice icon="picture" title="No picture is here twice">
          <p>A lower threshold finds pictures that are less alike.</p>
        </Notice>
      )}
      <ul class="groups">
        {now.groups.map((group) => (
          <li key={group.keeper.id}>
            <OneGroup group={group} />
          </li>
        ))}
      </ul>
      {now.next !== null && now.groups.length > 0 && (
        <button class="button" disabled={now.isLoading} onClick={() => void more()}>
          Show more groups
        </button>
      )}
      <Confirm />
    </section>
  );
}

function Order() {
  const { duplicates } = state.value;
  return (
    <div class="order">
      <label>
        Pictures that are
        <select value={duplicates.threshold} onChange={(event) => go({ duplicates: { ...duplicates, threshold: event.currentTarget.value } })}>
          {THRESHOLDS.map(([value, text]) => (
            <option key={value} value={value}>
              {text}
            </option>
          ))}
        </select>
      </label>
      <label>
        Keep
        <select value={duplicates.keep} onChange={(event) => go({ duplicates: { ...duplicates, keep: event.currentTarget.value } })}>
          {RULES.map(([value, text]) => (
            <option key={value} value={value}>
              {text}
            </option>
          ))}
        </select>
      </label>
    </div>
  );
}

function OneGroup({ group }: { group: Group }) {
  const count = group.copies.length;
  return (
    <article class="group" aria-label={`Copies of ${nameOf(group.keeper)}`}>
      <Member item={group.keeper} label="kept" isKept />
      {group.copies.map((copy) => (
        <Member key={copy.id} item={copy} label={copy.exact ? "same bytes" : copy.score.toFixed(3)} />
      ))}
      <button class="button small" onClick={() => (meant.value = { groups: [group], copies: count })}>
        Remove {counted(count, "copy", "copies")}
      </button>
    </article>
  );
}

function Member({ item, label, isKept = false }: { item: Item; label: string; isKept?: boolean }) {
  return (
    <button class={isKept ? "member is-kept" : "member"} onClick={() => go({ item: item.id })}>
      <span class="frame">
        <Picture src={path.thumbnail(state.value.collection!, item.id, item.sha256)} alt="" />
      </span>
      <span class="name">{nameOf(item)}</span>
      <span class="hint">{label}</span>
    </button>
  );
}

function Confirm() {
  const dialog = useRef<HTMLDialogElement>(null);
  const now = meant.value;
  useEffect(() => {
    if (now !== null) dialog.current!.showModal();
    else dialog.current!.close();
  }, [now]);
  const confirm = async (): Promise<void> => {
    meant.value = null;
    try {
      await removeCopies(now!.groups);
    } catch (error) {
      repeats.value = { ...repeats.value, error: error as Error };
    }
  };
  return (
    <dialog ref={dialog} class="confirm" aria-labelledby="confirm-title" onClose={() => (meant.value = null)}>
      <h2 id="confirm-title">Remove {counted(now?.copies ?? 0, "copy", "copies")} from {state.value.collection}?</h2>
      <p>Searches will not find them any more. The files that they came from stay where they are.</p>
      <div class="row">
        <button class="button" autofocus onClick={() => (meant.value = null)}>
          Leave them
        </button>
        <button class="button danger" onClick={() => void confirm()}>
          Remove
        </button>
      </div>
    </dialog>
  );
}
