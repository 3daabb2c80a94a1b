// What gestures on the map do: to where one looks, to the selection, to what is shown large.
// Does not know mouse, fingers or keys.

import { signal } from "@preact/signals";

import { clear, draw as addStroke } from "../selection.ts";
import { go, state } from "../state.ts";
import { type Place, panned, toMap, zoomed } from "./camera.ts";
import type { Meant } from "./gestures.ts";
import { under } from "./hover.ts";
import { itemsAt } from "./items.ts";
import { aim, glideTo, look, view } from "./looking.ts";
import { lookOf } from "./look.ts";
import { nearest } from "./nearest.ts";
import { pictureSize } from "./pictures.ts";
import { rounded, simplified } from "./polygon.ts";
import { cells, extent, picked, points, share } from "./sheet.ts";
import type { Way } from "./tools.ts";

const REACH_PX = 7; // beyond a point's own edge
const FINE_PX = 1.2; // a lasso's corner that is nearer to the line than this says nothing

/** The lasso that is being drawn, in pixels. */
export const lassoLine = signal<readonly Place[]>([]);

let pressed = new AbortController(); // the answer for the point that was pressed last

export const meaning: Meant = {
  pan: (dx, dy) => look(panned(view(), dx, dy)),
  zoom: (factor, at) => look(at === undefined ? zoomed(view(), factor) : zoomed(view(), factor, ...at)),
  step: (factor) => glideTo(zoomed(aim(), factor)),
  home: () => glideTo(null),
  hover(at) {
    under.value = at === null ? null : rowAt(at);
  },
  press(at) {
    const row = rowAt(at);
    if (row !== null) void enlarge(row);
  },
  isOnPoint: (at) => rowAt(at) !== null,
  draw(line) {
    lassoLine.value = [...line];
  },
  close(line, way) {
    lassoLine.value = [];
    select(line, way);
  },
  cancel() {
    if (lassoLine.value.length) lassoLine.value = [];
    else clear();
  },
};

/** line: in pixels, as it was drawn. */
export function select(line: readonly Place[], way: Way): void {
  const seen = view();
  const polygon = rounded(simplified(line, FINE_PX).map(([px, py]) => toMap(seen, px, py)), extent.value);
  if (polygon.length < 3) return;
  const isFirst = way === "new" || state.value.lasso.length === 0;
  addStroke({ op: way === "subtract" ? "subtract" : "add", polygon }, isFirst);
}

/** For those who draw no lasso: all that is seen. */
export function selectSeen(): void {
  const { width, height } = view();
  select([[0, 0], [width, 0], [width, height], [0, height]], "new");
}

/** Only the point that was pressed last, and only in its own collection. */
async function enlarge(row: number): Promise<void> {
  pressed.abort();
  pressed = new AbortController();
  const { signal } = pressed;
  const { collection } = state.peek();
  const found = (await itemsAt([row], signal)).get(row);
  if (found !== undefined && !signal.aborted && state.peek().collection === collection) go({ item: found.id });
}

/** Greyed points are not meant while others are in colour. */
function rowAt(at: Place): number | null {
  const all = points.peek();
  if (all === null || all.count === 0) return null;
  const seen = view();
  const lit = picked.peek()?.version === all.version ? picked.peek()!.lit : null;
  const { sizePx } = lookOf(seen, 1, all.count, share.peek());
  const [x, y] = toMap(seen, ...at);
  const size = pictureSize(cells.value, seen);
  const reach = size === null ? sizePx / 2 + REACH_PX : size / 2;
  return nearest(cells.value, x, y, reach / seen.scale, (row) => lit === null || lit[row] === 1);
}
