// The search box: words, and parts that hits shall be like or unlike. Does not know what is found.

import { useEffect, useRef } from "preact/hooks";

import { path } from "../api.ts";
import { askNothing, askPicture, askWords, dropPart, turnPart } from "../asking.ts";
import { described } from "../atlas.ts";
import { addressOf } from "../dropped.ts";
import { readsText } from "../models.ts";
import { type Part, state } from "../state.ts";
import { Icon } from "./icon.tsx";
import { Picture } from "./picture.tsx";

export function SearchBox() {
  const words = useRef<HTMLInputElement>(null);
  const file = useRef<HTMLInputElement>(null);
  const { text, parts } = state.value;
  const model = described.value?.model;
  const takesWords = readsText(model);

  useEffect(() => {
    if (words.current!.value !== text) words.current!.value = text;
  }, [text]);
  useSlash(words);

  return (
    <form
      class="search"
      role="search"
      onSubmit={(event) => {
        event.preventDefault();
        askWords(words.current!.value);
      }}
    >
      <Icon name="search" />
      {parts.map((part) => (
        <PartChip key={part.kind === "item" ? part.id : part.key} part={part} />
      ))}
      <input
        ref={words}
        type="search"
        aria-label="Search pictures"
        placeholder={takesWords ? (parts.length ? "and these words" : "Search by words, or drop a picture") : `${model} reads no words: search by a picture`}
        disabled={!takesWords}
        enterkeyhint="search"
        autocomplete="off"
        spellcheck={false}
        maxLength={2000}
      />
      {(text || parts.length > 0) && (
        <button type="button" class="plain" title="Clear the search" aria-label="Clear the search" onClick={askNothing}>
          <Icon name="close" />
        </button>
      )}
      {!text && parts.length === 0 && takesWords && <kbd aria-hidden="true">/</kbd>}
      <button type="button" class="plain" title="Search by a picture from this device" aria-label="Search by a picture" onClick={() => file.current!.click()}>
        <Icon name="picture" />
      </button>
      <input
        ref={file}
        type="file"
        class="unseen"
        accept="image/*"
        tabIndex={-1}
        aria-label="A picture to search by"
        onChange={(event) => {
          const chosen = event.currentTarget.files?.[0];
          if (chosen) askPicture(chosen);
          event.currentTarget.value = "";
        }}
      />
    </form>
  );
}

function PartChip({ part }: { part: Part }) {
  const isLike = part.weight > 0;
  const name = part.kind === "picture" ? part.name : "this picture";
  const address = part.kind === "picture" ? addressOf(part.key) : null;
  const isGone = part.kind === "picture" && address === null;
  const hint = part.kind === "item"
    ? ""
    : isGone ? "This picture was not kept: an address cannot hold one. Drop it again." : "A dropped picture is not part of the address: a reload forgets it.";
  return (
    <span class={isGone ? "chip part is-gone" : "chip part"} title={hint}>
      <button type="button" class="turn" onClick={() => turnPart(part)} aria-label={`${isLike ? "More" : "Less"} like ${name}; turn it round`}>
        {part.kind === "item" && <Picture src={path.thumbnail(state.value.collection!, part.id)} alt="" />}
        {address !== null && <img class="is-loaded" src={address} alt="" />}
        {isGone ? `${name}: drop it again` : isLike ? "more like" : "less like"}
      </button>
      <button type="button" class="plain" aria-label={`Search without ${name}`} onClick={() => dropPart(part)}>
        <Icon name="close" />
      </button>
    </span>
  );
}

/** The slash key leads here from wherever nothing is written. */
function useSlash(words: { current: HTMLInputElement | null }): void {
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent): void => {
      const isWriting = event.target instanceof HTMLElement && event.target.closest("input, textarea, select");
      if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || isWriting) return;
      event.preventDefault();
      words.current!.focus();
      words.current!.select();
    };
    addEventListener("keydown", onKeyDown);
    return () => removeEventListener("keydown", onKeyDown);
  }, []);
}
