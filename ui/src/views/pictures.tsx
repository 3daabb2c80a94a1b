// What was found or is there: how much of it, what is to be said about it, and the grid.
// Does not know who else shows the same entries.

import { atlas, described } from "../atlas.ts";
import { told as tell } from "../filters.ts";
import { nameOf } from "../map/legend.ts";
import { counted, number } from "../naming.ts";
import { begin, type Results, results } from "../results.ts";
import { clear, isSelected } from "../selection.ts";
import { go, type State, state } from "../state.ts";
import { Grid } from "./grid.tsx";
import { chooseFiles } from "./dropping.tsx";
import { Failure, Notice } from "./notice.tsx";

export function Pictures() {
  const now = results.value;
  const isBare = now.entries.length === 0;
  return (
    <section class="pictures" aria-label="Pictures">
      <div class="tellings">
        <p class="count" role="status">
          {told(now)}
        </p>
        {isSelected.value && (
          <button class="button small" onClick={clear}>
            Clear the selection
          </button>
        )}
        {now.entries.some((one) => one.weak) && (
          <p class="hint legend">
            <span class="swatch" aria-hidden="true" /> dimmed: weak hits, which do not stand out from what any search finds here
          </p>
        )}
        {now.notes.map((note) => (
          <p class="hint" key={note}>
            {note}
          </p>
        ))}
      </div>
      {now.error !== null && <Failure error={now.error} retry={begin} />}
      {isBare && now.isLoading && <Waiting />}
      {isBare && now.isWhole && now.error === null && <Nothing kind={now.kind} />}
      <Grid />
    </section>
  );
}

function told(now: Results): string {
  const shown = now.entries.length;
  if (now.error !== null) return "";
  if (shown === 0 && now.isLoading) return "Looking";
  if (shown === 0) return now.kind === "all" && state.value.filter.length === 0 ? "No pictures" : "Nothing found";
  const time = now.tookMs === null ? "" : `, in ${Math.max(1, Math.round(now.tookMs))} ms`;
  const where = isSelected.value ? " in the selection" : "";
  if (now.kind === "hits") return now.isWhole ? `${counted(shown, "hit")}${where}${time}` : `The nearest ${number(shown)}${where}${time}`;
  if (now.kind === "selection") return `${counted(now.total ?? shown, "picture")} selected`;
  if (now.total !== null) return `${counted(now.total, "picture")} of ${number(described.value?.items ?? now.total)}`;
  return counted(described.value?.items ?? shown, "picture");
}

function Waiting() {
  return <div class="waiting" aria-hidden="true">{Array.from({ length: 12 }, (_, index) => <span key={index} />)}</div>;
}

function Nothing({ kind }: { kind: Results["kind"] }) {
  const { filter, collection } = state.value;
  if (kind === "selection") return <NothingSelected />;
  if (kind === "hits" || filter.length) {
    return (
      <Notice icon="search" title="No picture passes">
        {filter.length > 0 && (
          <button class="button" onClick={() => go({ filter: [] })}>
            Search without the filter
          </button>
        )}
      </Notice>
    );
  }
  return (
    <Notice icon="bring" title={`${collection} is empty`}>
      <p>Drop a folder, pictures or a zip archive anywhere on this page.</p>
      <button class="button primary" onClick={() => chooseFiles(false)}>
        Choose pictures
      </button>{" "}
      <button class="button" onClick={() => chooseFiles(true)}>
        Choose a folder
      </button>
    </Notice>
  );
}

/** Each condition may be what leaves nothing over: all are named, and each can be taken away alone. */
function NothingSelected() {
  const { lasso, clusters, filter } = state.value;
  const ways: [string, Partial<State>][] = [];
  if (lasso.length) ways.push(["the lasso", { lasso: [] }]);
  if (clusters.length) ways.push([namesOf(clusters), { clusters: [] }]);
  if (filter.length) ways.push([filter.map(tell).join(", "), { filter: [] }]);
  return (
    <Notice icon="picture" title="Nothing lies in this selection">
      {ways.length > 1 && <p>No picture is in all of these at once:</p>}
      <div class="ways">
        {ways.map(([name, change]) => (
          <button key={name} class="button" onClick={() => go(change)}>
            Clear {name}
          </button>
        ))}
      </div>
    </Notice>
  );
}

function namesOf(clusters: readonly number[]): string {
  const named = clusters.map((one) => nameOf(one, "cluster", atlas.value?.clusters ?? []));
  return `${clusters.length === 1 ? "the cluster" : "the clusters"} ${named.join(", ")}`;
}
