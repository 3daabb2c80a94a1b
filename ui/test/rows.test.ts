// Answers that come late, after the map they were asked of is gone. Does not know the browser.

import assert from "node:assert/strict";
import { test } from "node:test";

Object.assign(globalThis, {
  window: globalThis,
  sessionStorage: { getItem: () => null },
  location: { search: "", href: "http://localhost/" },
  history: { pushState: () => {}, replaceState: () => {} },
  addEventListener: () => {},
});

const { atlas, refreshAtlas } = await import("../src/atlas.ts");
const { itemsAt } = await import("../src/map/items.ts");
const { pointsOf } = await import("../src/map/points.ts");
const { points } = await import("../src/map/sheet.ts");
const { pagesOf } = await import("../src/pages.ts");
const { begin, more, results } = await import("../src/results.ts");
const { START, state } = await import("../src/state.ts");

interface Asked {
  address: string;
  answer: (content: unknown, status?: number) => void;
}

const asked: Asked[] = [];
globalThis.fetch = ((address: string) =>
  new Promise((resolve) => {
    const answer = (content: unknown, status = 200): void => resolve(new Response(JSON.stringify(content), { status }));
    asked.push({ address, answer });
  })) as typeof fetch;

function open(version: string): void {
  asked.length = 0;
  state.value = { ...START, collection: "shop" };
  points.value = pointsOf(version, new ArrayBuffer(90));
}

const patient = (): AbortSignal => new AbortController().signal;

test("a late answer of the map before tells nothing of the rows of this one", async () => {
  open("1-10-1");
  const late = itemsAt([3], patient());
  points.value = pointsOf("2-10-1", new ArrayBuffer(90));
  const first = itemsAt([5], patient());
  asked[1]!.answer({ items: [{ row: 5, id: "new" }] });
  assert.equal((await first).get(5)?.id, "new");
  asked[0]!.answer({ items: [{ row: 3, id: "old" }] });
  assert.equal((await late).get(3)?.id, "old", "who asked of the map before has its answer");
  const again = itemsAt([3], patient());
  asked[2]!.answer({ items: [{ row: 3, id: "new" }] });
  assert.equal((await again).get(3)?.id, "new");
});

test("two collections share no rows, whatever their versions are called", async () => {
  open("1-1-1");
  const here = itemsAt([1], patient());
  asked[0]!.answer({ items: [{ row: 1, id: "here" }] });
  await here;
  state.value = { ...START, collection: "other" };
  const there = itemsAt([1], patient());
  asked[1]!.answer({ items: [{ row: 1, id: "there" }] });
  assert.equal((await there).get(1)?.id, "there");
});

const SELECTED = { ...START, collection: "shop", clusters: [1] };

/** A page of a selection of 150, as the server answers. */
const page = (version: string, id: string): unknown => ({ version, total: 150, items: [{ id, uri: id, metadata: {}, thumbnail: "" }] });

async function answered(ask: Promise<unknown>, version: string): Promise<string> {
  const { address, answer } = await last();
  answer(page(version, version));
  await ask;
  return address;
}

async function last(): Promise<Asked> {
  for (;;) {
    const found = asked.pop();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

test("all pages of a selection are of one version, the one that was known first", async () => {
  open("7-1-1");
  atlas.value = { version: "7-1-1" } as never;
  const pages = pagesOf(SELECTED, "shop", patient());
  assert.match(await answered(pages.next(), "7-1-1"), /version=7-1-1/);
  atlas.value = { version: "8-1-1" } as never;
  assert.match(await answered(pages.next(), "7-1-1"), /version=7-1-1/);
});

test("where no version is known yet, the first answer tells it", async () => {
  open("7-1-1");
  atlas.value = null;
  const pages = pagesOf(SELECTED, "shop", patient());
  assert.doesNotMatch(await answered(pages.next(), "9-1-1"), /version/);
  assert.match(await answered(pages.next(), "9-1-1"), /version=9-1-1/);
});

test("a selection begins again once its version of the map is gone", async () => {
  open("7-1-1");
  atlas.value = { version: "7-1-1" } as never;
  state.value = SELECTED;
  begin();
  (await last()).answer(page("7-1-1", "of the old map"));
  await until(() => !results.value.isLoading);
  const second = more();
  (await last()).answer({ error: { code: "map_changed", message: "gone" } }, 409);
  (await last()).answer({ version: "8-1-1" }); // GET map
  await second;
  const { address, answer } = await last();
  assert.match(address, /version=8-1-1/);
  answer(page("8-1-1", "of the new map"));
  await until(() => !results.value.isLoading);
  assert.deepEqual(results.value.entries.map(({ id }) => id), ["of the new map"]);
  assert.equal(results.value.error, null);
});

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 1));
}

test("an older answer about the map takes no newer one's place", async () => {
  open("1-1-1");
  const [older, newer] = [refreshAtlas(), refreshAtlas()];
  asked[1]!.answer({ version: "new" });
  await newer;
  asked[0]!.answer({ version: "old" });
  await older;
  assert.equal(atlas.value?.version, "new");
});
