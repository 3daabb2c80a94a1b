// What a person does with a search: words, pictures, more or less like something. Does not know how it is answered.

import { remember } from "./dropped.ts";
import { begin } from "./results.ts";
import { go, type Part, state } from "./state.ts";

const LESS = -0.5; // as much as words or a picture weigh, it would lead away from both

/** The same words again are asked again: what is there may have changed, or the answer may not have come. */
export function askWords(text: string): void {
  const isSame = text.trim() === state.value.text;
  go({ text: text.trim(), item: null, ...leaving() });
  if (isSame) begin();
}

/** Another picture is another question; what was said in words stays. */
export function askPicture(picture: File | Blob): void {
  const name = "name" in picture && picture.name ? picture.name : "pasted picture";
  go({ parts: [{ kind: "picture", key: remember(picture), name, weight: 1 }], item: null, ...leaving() });
}

export function askLike(id: string, isMore: boolean): void {
  const others = state.value.parts.filter((part) => part.kind !== "item" || part.id !== id);
  go({ parts: [...others, { kind: "item", id, weight: isMore ? 1 : LESS }], item: null, ...leaving() });
}

export function turnPart(part: Part): void {
  const turned = { ...part, weight: part.weight > 0 ? LESS : 1 };
  go({ parts: state.value.parts.map((one) => (one === part ? turned : one)) });
}

export function dropPart(part: Part): void {
  go({ parts: state.value.parts.filter((one) => one !== part) });
}

export function askNothing(): void {
  go({ text: "", parts: [] });
}

/** Hits are shown among pictures or on the map; other views are left for them. */
function leaving(): { view?: "pictures" } {
  return state.value.view === "pictures" || state.value.view === "map" ? {} : { view: "pictures" };
}
