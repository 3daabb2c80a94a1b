// What is known of the map: how it was drawn, how far it can be trusted, what lies apart. Does not know how it is drawn.

import { atlas } from "../atlas.ts";
import { day, number } from "../naming.ts";
import { go } from "../state.ts";
import { Picture } from "../views/picture.tsx";
import { Order } from "./order.tsx";

const METHODS: Record<string, string> = { umap: "UMAP", pca: "PCA", given: "given coordinates" };

export function About() {
  const map = atlas.value;
  if (map === null) return null;
  return (
    <div class="map-about">
      <dl>
        <dt>Drawn by</dt>
        <dd>{METHODS[map.algorithm ?? ""] ?? map.algorithm}{map.made_at !== null && `, ${day(map.made_at)}`}</dd>
        <dt>Points</dt>
        <dd>{number(map.points)}{map.unplaced > 0 && `, ${number(map.unplaced)} not placed yet`}</dd>
        <dt>Clusters</dt>
        <dd>{number(map.clusters.length)}</dd>
        {map.trustworthiness !== null && (
          <>
            <dt>Trustworthiness</dt>
            <dd>{map.trustworthiness.toFixed(2)} <small>0.5 is chance, 1 is perfect</small></dd>
          </>
        )}
      </dl>
      {map.note && <p>{map.note}</p>}
      {map.outliers.length > 0 && (
        <>
          <h3>Farthest from all others</h3>
          <ul class="map-outliers">
            {map.outliers.slice(0, 12).map(({ id, thumbnail }) => (
              <li key={id}>
                <button type="button" onClick={() => go({ item: id })} aria-label={`Show ${id} large`}>
                  <Picture src={thumbnail} alt="" />
                </button>
              </li>
            ))}
          </ul>
        </>
      )}
      <h3>Draw it anew</h3>
      <Order label="Draw" />
    </div>
  );
}
