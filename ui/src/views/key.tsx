// Asks for the API key where the server wants one. Does not know what it opens.

import { useEffect, useRef } from "preact/hooks";

import { refresh, refreshCollections } from "../atlas.ts";
import { look } from "../jobs.ts";
import { isRefused, keep, key } from "../key.ts";
import { learnModels } from "../models.ts";
import { begin } from "../results.ts";

export function AskForKey() {
  const dialog = useRef<HTMLDialogElement>(null);
  const isAsked = isRefused.value;
  useEffect(() => {
    if (isAsked) dialog.current!.showModal();
    else dialog.current!.close();
  }, [isAsked]);
  const onSubmit = (event: SubmitEvent): void => {
    event.preventDefault();
    keep(String(new FormData(event.currentTarget as HTMLFormElement).get("key")).trim());
    for (const again of [refreshCollections, refresh, learnModels, look]) void again();
    begin();
  };
  return (
    <dialog ref={dialog} class="confirm" aria-labelledby="key-title" onCancel={(event) => event.preventDefault()}>
      <h2 id="key-title">This server asks for a key</h2>
      {key.value !== null && <p class="trouble">The key was refused.</p>}
      <form class="form" onSubmit={onSubmit}>
        <label>
          API key
          <input name="key" type="password" required autocomplete="off" />
        </label>
        <p class="hint">It is kept until this tab is closed.</p>
        <button class="button primary">Go on</button>
      </form>
    </dialog>
  );
}
