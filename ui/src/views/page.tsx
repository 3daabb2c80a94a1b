// The whole of it: a bar, what is asked, and one of the views. Does not know what is in them.

import { MapPanel } from "../map/panel.tsx";
import { go, state } from "../state.ts";
import { Grid } from "./grid.tsx";

export function Page() {
  return (
    <>
      <header class="bar">
        <h1>Sightline</h1>
        <form onSubmit={(event) => { event.preventDefault(); go({ text: (event.currentTarget.elements.namedItem("text") as HTMLInputElement).value }); }}>
          <input name="text" type="search" aria-label="Search pictures" value={state.value.text} />
        </form>
      </header>
      <main>
        {state.value.view === "map" && <MapPanel />}
        <Grid />
      </main>
    </>
  );
}
