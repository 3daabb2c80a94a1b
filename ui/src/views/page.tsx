// The whole of it: the bar, what is narrowed, one of the views, and what lies above them. Does not know what is in them.

import { useEffect } from "preact/hooks";

import { described, refresh, trouble } from "../atlas.ts";
import { searchCommand } from "../commands.ts";
import { MapPanel } from "../map/panel.tsx";
import { go, state, type View } from "../state.ts";
import { About } from "./about.tsx";
import { Bar } from "./bar.tsx";
import { CopyAs } from "./copying.tsx";
import { Dropping } from "./dropping.tsx";
import { Duplicates } from "./duplicates.tsx";
import { Filters } from "./filters.tsx";
import { Home } from "./home.tsx";
import { IntakeProgress, TakeIn } from "./intake.tsx";
import { Jobs } from "./jobs.tsx";
import { AskForKey } from "./key.tsx";
import { Large } from "./large.tsx";
import { MakeFirst } from "./making.tsx";
import { Failure } from "./notice.tsx";
import { Pictures } from "./pictures.tsx";
import { Save } from "./saving.tsx";

const TABS: readonly [View, string][] = [
  ["pictures", "Pictures"],
  ["map", "Map"],
  ["duplicates", "Duplicates"],
  ["about", "About"],
];

export function Page() {
  const { collection, view } = state.value;
  useEffect(() => {
    document.title = collection === null ? "Sightline" : `${collection} · Sightline`;
  }, [collection]);
  return (
    <>
      <a class="skip" href="#main">
        To the pictures
      </a>
      <Bar />
      {collection !== null && <Tools />}
      <main id="main" tabIndex={-1} class={`is-${collection === null ? "home" : view}`}>
        {collection === null ? <Home /> : <Open view={view} />}
      </main>
      <Jobs />
      <Large />
      <IntakeProgress />
      <Dropping />
      <MakeFirst />
      <AskForKey />
    </>
  );
}

function Tools() {
  const { view } = state.value;
  const isNarrowed = view === "pictures" || view === "map";
  return (
    <div class="tools-row">
      <nav aria-label="Views">
        {TABS.map(([name, label]) => (
          <button key={name} class="tab" aria-current={view === name ? "page" : undefined} onClick={() => go({ view: name })}>
            {label}
          </button>
        ))}
      </nav>
      {isNarrowed && <Filters />}
      <div class="end">
        {isNarrowed && (state.value.text !== "" || state.value.parts.length > 0) && (
          <CopyAs what="this search" label="Copy as" make={(origin, hasKey) => searchCommand(state.value, origin, hasKey)} />
        )}
        {isNarrowed && <Save />}
        <TakeIn />
      </div>
    </div>
  );
}

function Open({ view }: { view: View }) {
  if (described.value === null && trouble.value !== null) return <Failure error={trouble.value} retry={() => void refresh()} />;
  switch (view) {
    case "duplicates":
      return <Duplicates />;
    case "about":
      return <About />;
    case "map":
      return (
        <>
          <MapPanel />
          <Pictures />
        </>
      );
    default:
      return <Pictures />;
  }
}
