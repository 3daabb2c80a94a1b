// The small card beside the point under the mouse: its picture, its name, its cluster. Does not know how it was found.

import { atlas } from "../atlas.ts";
import { nameOf } from "../naming.ts";
import { Picture } from "../views/picture.tsx";
import { toScreen } from "./camera.ts";
import { preview } from "./hover.ts";
import { nameOf as meaningOf } from "./legend.ts";
import { view } from "./looking.ts";
import { NONE } from "./points.ts";
import { hits } from "./sheet.ts";

const WIDTH_PX = 168;
const HEIGHT_PX = 216;
const GAP_PX = 14;

export function Card() {
  const item = preview.value;
  if (item === null) return null;
  const seen = view();
  const [x, y] = toScreen(seen, item.x, item.y);
  const left = x + GAP_PX + WIDTH_PX > seen.width ? x - GAP_PX - WIDTH_PX : x + GAP_PX;
  const top = Math.min(Math.max(y - HEIGHT_PX / 2, 8), Math.max(seen.height - HEIGHT_PX - 8, 8));
  const hit = hits.value.find((one) => one.id === item.id);
  return (
    <div class="map-card" style={{ transform: `translate(${Math.round(Math.max(left, 4))}px, ${Math.round(top)}px)` }} aria-hidden="true">
      <Picture key={item.id} src={item.thumbnail} alt="" />
      <strong>{nameOf(item)}</strong>
      <span>
        {item.cluster === NONE ? "in no cluster" : meaningOf(item.cluster, "cluster", atlas.value?.clusters ?? [])}
        {hit && ` · ${hit.score.toFixed(3)}`}
      </span>
    </div>
  );
}
