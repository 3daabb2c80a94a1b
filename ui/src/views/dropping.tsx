// What is dropped or pasted on the page: one picture to search by, or pictures to take in.
// Does not know how either is done.

import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";

import { dropped, findings, isPicture } from "../archive.ts";
import { askPicture } from "../asking.ts";
import { takeIn } from "../intake.ts";
import { state } from "../state.ts";
import { Icon } from "./icon.tsx";
import { homeless } from "./making.tsx";

const isOver = signal(false);

export function Dropping() {
  useEffect(() => {
    const listeners: [string, (event: never) => void][] = [
      ["dragenter", onDragEnter],
      ["dragover", onDragOver],
      ["dragleave", onDragLeave],
      ["drop", onDrop],
      ["paste", onPaste],
    ];
    for (const [name, listener] of listeners) addEventListener(name, listener as EventListener);
    return () => {
      for (const [name, listener] of listeners) removeEventListener(name, listener as EventListener);
    };
  }, []);
  if (!isOver.value) return null;
  const { collection } = state.value;
  return (
    <div class="dropping" aria-hidden="true">
      {collection !== null && (
        <div data-use="search">
          <Icon name="search" />
          <strong>Search by this picture</strong>
        </div>
      )}
      <div data-use="intake">
        <Icon name="bring" />
        <strong>Take in to {collection ?? "a new collection"}</strong>
        <span>pictures, a folder or a zip archive</span>
      </div>
    </div>
  );
}

/** Opens the browser's own choice of files, to take them in. */
export function chooseFiles(isFolder: boolean): void {
  const input = Object.assign(document.createElement("input"), { type: "file", multiple: true, webkitdirectory: isFolder });
  if (!isFolder) input.accept = "image/*,.zip";
  input.addEventListener("change", () => void takeIn(state.value.collection!, findings([], [...(input.files ?? [])])));
  input.click();
}

const hasFiles = (event: DragEvent): boolean => [...(event.dataTransfer?.types ?? [])].includes("Files");

function onDragEnter(event: DragEvent): void {
  if (hasFiles(event)) isOver.value = true;
}

function onDragOver(event: DragEvent): void {
  if (hasFiles(event)) event.preventDefault();
}

function onDragLeave(event: DragEvent): void {
  if (event.relatedTarget === null) isOver.value = false;
}

/** One picture is searched by, unless it is dropped where it is taken in; all else is taken in. */
function onDrop(event: DragEvent): void {
  isOver.value = false;
  const { collection } = state.value;
  if (!hasFiles(event)) return;
  event.preventDefault();
  const { entries, files } = dropped(event.dataTransfer!);
  const use = event.target instanceof HTMLElement ? event.target.closest<HTMLElement>("[data-use]")?.dataset["use"] : undefined;
  const [one, ...others] = files;
  if (collection === null) homeless.value = findings(entries, files);
  else if (use !== "intake" && one !== undefined && others.length === 0 && isPicture(one)) askPicture(one);
  else void takeIn(collection, findings(entries, files));
}

function onPaste(event: ClipboardEvent): void {
  const picture = [...(event.clipboardData?.files ?? [])].find(isPicture);
  if (picture === undefined || state.value.collection === null) return;
  event.preventDefault();
  askPicture(picture);
}
