// A new collection: its form, and the dialog with it where pictures came before there was one. Does not know what is in any.

import { signal } from "@preact/signals";
import { useEffect, useRef, useState } from "preact/hooks";

import * as api from "../api.ts";
import type { Finding } from "../archive.ts";
import { refreshCollections } from "../atlas.ts";
import { takeIn } from "../intake.ts";
import { models } from "../models.ts";
import { open } from "../state.ts";

/** Pictures that were dropped where no collection is open: they wait for one. */
export const homeless = signal<AsyncGenerator<Finding> | null>(null);

export function MakeFirst() {
  const dialog = useRef<HTMLDialogElement>(null);
  const waiting = homeless.value;
  useEffect(() => {
    if (waiting === null) dialog.current!.close();
    else if (!dialog.current!.open) dialog.current!.showModal();
  }, [waiting]);
  const made = (name: string): void => {
    open(name);
    void takeIn(name, waiting!);
    homeless.value = null;
  };
  return (
    <dialog ref={dialog} class="confirm" aria-labelledby="make-title" onClose={() => (homeless.value = null)}>
      <h2 id="make-title">Make a collection first</h2>
      <p class="hint">The pictures that you dropped go into it. To add them to one that is there, open it and drop them on it.</p>
      {waiting !== null && <NewCollection made={made} />}
      <button class="button" onClick={() => dialog.current!.close()}>
        Cancel
      </button>
    </dialog>
  );
}

/** made: is called with its name once it is there. */
export function NewCollection({ made }: { made: (name: string) => void }) {
  const [told, setTold] = useState("");
  const make = async (form: FormData): Promise<void> => {
    try {
      const name = String(form.get("name")).trim();
      await api.create(name, String(form.get("model") ?? ""));
      await refreshCollections();
      made(name);
    } catch (error) {
      setTold((error as Error).message);
    }
  };
  return (
    <form
      class="form new"
      onSubmit={(event) => {
        event.preventDefault();
        void make(new FormData(event.currentTarget));
      }}
    >
      <h3>A new collection</h3>
      <label>
        Name
        <input name="name" required autocomplete="off" placeholder="photos" />
      </label>
      {models.value.length > 1 && (
        <label>
          Model
          <select name="model">
            {models.value.map((one) => (
              <option key={one.id}>{one.id}</option>
            ))}
          </select>
        </label>
      )}
      {told && <p class="trouble" role="alert">{told}</p>}
      <button class="button primary">Make it</button>
    </form>
  );
}
