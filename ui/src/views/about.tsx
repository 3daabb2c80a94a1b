// What is known of a collection: counts, model, store, index, map, sources. Does not know where it is from.

import type { ComponentChildren } from "preact";

import { atlas, described, refresh, trouble } from "../atlas.ts";
import { key } from "../key.ts";
import { counted, day, number } from "../naming.ts";
import { Failure } from "./notice.tsx";

export function About() {
  const found = described.value;
  if (found === null) return trouble.value ? <Failure error={trouble.value} retry={() => void refresh()} /> : <p class="hint">Loading</p>;
  const { index, lag, trouble: storeTrouble } = found.store;
  const map = atlas.value;
  return (
    <div class="about">
      <h2 class="title">{found.name}</h2>
      <dl class="table">
        <Row name="Pictures">{number(found.items)}</Row>
        <Row name="Made">{day(found.created_at)}</Row>
        <Row name="Model">
          {found.model}, {found.dim} values a vector
        </Row>
        <Row name="Fingerprint">
          <code>{found.fingerprint}</code>
        </Row>
        <Row name="Searched in">
          {found.store.name}, <code>{found.store.address}</code>
          {lag > 0 && `, ${counted(lag, "change")} behind`}
          {storeTrouble && <span class="trouble">{storeTrouble}</span>}
        </Row>
        <Row name="Index">
          {index === null ? "none: every vector is compared" : `${index.kind}, ${number(index.covered)} vectors, measured recall ${index.recall?.toFixed(3) ?? "not yet known"}`}
        </Row>
        <Row name="Map">
          {map?.state !== "ready" ? "none yet" : `${map.algorithm}, ${counted(map.points, "point")}, ${counted(map.clusters.length, "cluster")}, trustworthiness ${map.trustworthiness?.toFixed(3) ?? "not measured"}`}
        </Row>
      </dl>
      <h3>Sources</h3>
      {found.sources.length === 0 && <p class="hint">None: its pictures came one by one.</p>}
      <ul class="sources">
        {found.sources.map((one) => (
          <li key={one.name}>
            <span class="path">{one.name}</span> <span class="hint">{counted(one.items, "picture")}</span>
          </li>
        ))}
      </ul>
      {key.value === null && ( // a link sends no key
        <p>
          <a href="/docs">All requests and answers of this server</a>
        </p>
      )}
    </div>
  );
}

function Row({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </>
  );
}
