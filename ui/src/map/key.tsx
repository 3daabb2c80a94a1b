// The legend: what the colours mean and how many points have each. A click narrows the map to one. Does not know the map.

import type { ComponentChildren } from "preact";

import { atlas } from "../atlas.ts";
import type { Value } from "../filters.ts";
import { number } from "../naming.ts";
import { results } from "../results.ts";
import { amend, go, state } from "../state.ts";
import { theme } from "../theme.ts";
import type { Json } from "../wire.ts";
import { clicked, isolatedBy, isolating, type Kinds, nameOf, type Scale } from "./legend.ts";
import { cssOf, inkOf } from "./palette.ts";
import { NONE } from "./points.ts";
import { colouring } from "./sheet.ts";
import { isLegendOpen } from "./tools.ts";

const digits = new Intl.NumberFormat(undefined, { maximumSignificantDigits: 4 });

export function ColourBy() {
  const fields = atlas.value?.fields ?? [];
  const isSearch = results.value.kind === "hits";
  const by = state.value.colour;
  return (
    <label class="map-by">
      <span>Colour by</span>
      <select value={by} onChange={(event) => amend({ colour: event.currentTarget.value })}>
        <option value="cluster">cluster</option>
        {(isSearch || by === "score") && <option value="score">score</option>}
        {fields.map(({ name }) => <option key={name} value={name}>{name}</option>)}
        {by !== "cluster" && by !== "score" && !fields.some(({ name }) => name === by) && <option value={by}>{by}</option>}
      </select>
    </label>
  );
}

/** The legend folds: on a narrow page it would hide the map, and a long one hides much of any. */
export function Fold() {
  if (colouring.value === null) return null;
  return (
    <details class="map-fold" open={isLegendOpen.value} onToggle={(event) => (isLegendOpen.value = event.currentTarget.open)}>
      <summary>Colours</summary>
      <Key />
    </details>
  );
}

function Key() {
  const now = colouring.value?.legend;
  if (now === undefined) return null;
  return now.kind === "number" ? <Ramp legend={now} /> : <Entries legend={now} />;
}

function Entries({ legend }: { legend: Kinds }) {
  const { filter, clusters } = state.value;
  const isCluster = legend.by === "cluster";
  const isolated: readonly Value[] = isCluster ? clusters : isolatedBy(filter, legend.by);
  const isolate = (value: Json, isAdded: boolean): void => {
    if (isCluster) go({ clusters: clicked(clusters, value as number, isAdded) });
    else go({ filter: isolating(filter, legend.by, clicked(isolated, value as Value, isAdded)) });
  };
  const entries = isCluster && legend.missing > 0 ? [...legend.entries, { value: NONE, count: legend.missing, colour: NONE }] : legend.entries;
  return (
    <ul class="map-key" aria-label={`Colours: ${legend.by}`}>
      {entries.map(({ value, count, colour }) => {
        const isOn = isolated.includes(value as Value);
        const name = nameOf(value, legend.by, atlas.value?.clusters ?? []);
        return (
          <li key={colour}>
            <button
              type="button"
              class={isolated.length && !isOn ? "is-off" : ""}
              aria-pressed={isOn}
              title={`${name}: click shows only these, Shift-click these too`}
              onClick={(event) => isolate(value, event.shiftKey)}
            >
              <Swatch byte={colour} kind="categorical" />
              <span class="map-key-name">{name}</span>
              <span class="map-key-count">{number(count)}</span>
            </button>
          </li>
        );
      })}
      {legend.other > 0 && <Rest count={legend.other}>other values</Rest>}
      {legend.missing > 0 && !isCluster && <Rest count={legend.missing}>without a value</Rest>}
    </ul>
  );
}

function Rest({ count, children }: { count: number; children: ComponentChildren }) {
  return (
    <li class="map-key-rest">
      <Swatch byte={NONE} kind="categorical" />
      <span class="map-key-name">{children}</span>
      <span class="map-key-count">{number(count)}</span>
    </li>
  );
}

function Swatch({ byte, kind }: { byte: number; kind: "categorical" | "number" }) {
  return <span class="map-swatch" aria-hidden="true" style={{ background: cssOf(inkOf(kind, byte, theme.value)) }} />;
}

function Ramp({ legend }: { legend: Scale }) {
  const stops = [0, 64, 127, 190, 254].map((byte) => cssOf(inkOf("number", byte, theme.value)));
  return (
    <div class="map-key map-ramp">
      <div class="map-ramp-bar" aria-hidden="true" style={{ background: `linear-gradient(to right, ${stops.join(", ")})` }} />
      <p>
        <span>{digits.format(legend.low)}</span> <span>{legend.by}</span> <span>{digits.format(legend.high)}</span>
      </p>
      {legend.missing > 0 && (
        <p class="map-key-rest">
          <Swatch byte={NONE} kind="number" />
          <span class="map-key-name">{legend.by === "score" ? "no hit" : "without a value"}</span>
          <span class="map-key-count">{number(legend.missing)}</span>
        </p>
      )}
    </div>
  );
}
