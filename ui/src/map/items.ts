// The items behind rows of the map, asked for once, many at a time; and their thumbnails. A row says nothing without
// the version of the map that it is a row of. Does not know where they are shown.

import { ask } from "../api.ts";
import { state } from "../state.ts";
import type { MapItem } from "../wire.ts";
import * as routes from "./routes.ts";
import { points } from "./sheet.ts";

const MOST_ITEMS = 5_000;
const MOST_PICTURES = 600; // of some 64 kB each
const AT_ONCE = 6; // thumbnails on their way
const PICTURE_PX = 128; // the longer side

/** What is known of the rows of one version. Answers go to the shelf they were asked for, even once it is out of use. */
interface Shelf {
  collection: string;
  version: string;
  items: Map<number, MapItem>;
  pictures: Map<number, ImageBitmap>;
}

let shelf = shelfOf("", "");

/** Of the version that is shown when it is called. Rows that are gone have none; where the server does not answer, none has. */
export async function itemsAt(rows: readonly number[], signal: AbortSignal): Promise<ReadonlyMap<number, MapItem>> {
  const { collection, version, items } = shelfInUse();
  const missing = rows.filter((row) => !items.has(row));
  if (missing.length === 0 || version === "") return items;
  try {
    for (const item of await routes.items(collection, version, missing, signal)) items.set(item.row, item);
  } catch {
    // a preview that does not come is none; what matters is asked, and told, elsewhere
  }
  return items;
}

export function pictureAt(row: number): ImageBitmap | null {
  return points.peek()?.version === shelf.version ? (shelf.pictures.get(row) ?? null) : null;
}

/** came: called after each that came. */
export async function loadPictures(rows: readonly number[], signal: AbortSignal, came: () => void): Promise<void> {
  const asked = shelfInUse();
  const known = await itemsAt(rows, signal);
  const waiting = rows.filter((row) => known.has(row) && !asked.pictures.has(row));
  const isOver = (): boolean => signal.aborted || asked !== shelf;
  const work = async (): Promise<void> => {
    for (let row = waiting.shift(); row !== undefined && !isOver(); row = waiting.shift()) {
      const picture = await pictureOf(known.get(row)!.thumbnail, signal);
      if (picture === null) continue;
      if (isOver()) return picture.close();
      keep(row, picture);
      came();
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}

async function pictureOf(address: string, signal: AbortSignal): Promise<ImageBitmap | null> {
  try {
    const whole = await createImageBitmap(await (await ask(address, { signal })).blob());
    const share = Math.min(PICTURE_PX / Math.max(whole.width, whole.height), 1);
    const size = { resizeWidth: Math.max(Math.round(whole.width * share), 1), resizeHeight: Math.max(Math.round(whole.height * share), 1) };
    const small = await createImageBitmap(whole, { ...size, resizeQuality: "high" });
    whole.close();
    return small;
  } catch {
    return null;
  }
}

/** The one that has been here longest goes. */
function keep(row: number, picture: ImageBitmap): void {
  const { pictures } = shelf;
  pictures.set(row, picture);
  if (pictures.size <= MOST_PICTURES) return;
  const [oldest] = pictures.keys();
  pictures.get(oldest!)!.close();
  pictures.delete(oldest!);
}

/** A new one for another version, and once this one is full. */
function shelfInUse(): Shelf {
  const version = points.peek()?.version ?? "";
  const collection = state.peek().collection ?? "";
  if (version === shelf.version && collection === shelf.collection && shelf.items.size <= MOST_ITEMS) return shelf;
  for (const picture of shelf.pictures.values()) picture.close();
  shelf = shelfOf(collection, version);
  return shelf;
}

function shelfOf(collection: string, version: string): Shelf {
  return { collection, version, items: new Map(), pictures: new Map() };
}
