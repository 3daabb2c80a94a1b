// The map's own arithmetic: cameras, cells, lassos, legends. Does not know the browser.

import assert from "node:assert/strict";
import { test } from "node:test";

import { panned, toMap, toScreen, viewOf, zoomed } from "../src/map/camera.ts";
import { placed } from "../src/map/labels.ts";
import { byScore, clicked, isolatedBy, isolating } from "../src/map/legend.ts";
import { lookOf } from "../src/map/look.ts";
import { cellsOf, countIn, nearest, rowsIn } from "../src/map/nearest.ts";
import { framedIn, pictureSize } from "../src/map/pictures.ts";
import { bytesOfBits, centresOf, type Extent, extentOf, inkedShare, NONE, type Points, pointsOf } from "../src/map/points.ts";
import { MOST_CORNERS, rounded, simplified } from "../src/map/polygon.ts";

import { thinner } from "../src/map/thinning.ts";

type Place = [number, number];
const EXTENT: Extent = [-10, -5, 10, 5];

/** The same ones every time. */
function drawn(count: number, seed = 1): () => number {
  let state = seed + count;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

function scattered(count: number): Points {
  const next = drawn(count);
  const points = pointsOf("1-1-1", new ArrayBuffer(9 * count));
  for (let i = 0; i < count; i++) {
    points.x[i] = next() * 20 - 10;
    points.y[i] = next() * 10 - 5;
    points.cluster[i] = Math.floor(next() * 3);
  }
  return points;
}

test("points are columns of what came, and not copied", () => {
  const content = new ArrayBuffer(18);
  new Float32Array(content, 0, 4).set([1, 2, 3, 4]);
  new Uint8Array(content).set([7, NONE], 16);
  const { x, y, cluster } = pointsOf("v", content);
  assert.deepEqual([...x, ...y, ...cluster], [1, 2, 3, 4, 7, NONE]);
  assert.equal(x.buffer, content);
  assert.throws(() => pointsOf("v", new ArrayBuffer(17)), RangeError);
});

test("one point alone has a map around it", () => {
  const one = pointsOf("v", new ArrayBuffer(9));
  assert.deepEqual(extentOf(one), [-1, -1, 1, 1]);
  assert.equal(inkedShare(one, extentOf(one)), 1);
});

test("the least significant bit of a byte is the first point", () => {
  assert.deepEqual([...bytesOfBits(Uint8Array.of(0b00000101, 0b1), 9)], [1, 0, 1, 0, 0, 0, 0, 0, 1]);
});

test("a cluster's middle is the mean of its points, the largest first, and none of those in none", () => {
  const points = scattered(300);
  points.cluster.fill(1, 0, 200);
  points.cluster.fill(NONE, 290);
  const centres = centresOf(points);
  assert.equal(centres[0]!.cluster, 1);
  assert.ok(!centres.some(({ cluster }) => cluster === NONE));
  const rows = [...points.x.keys()].filter((i) => points.cluster[i] === 1);
  assert.ok(Math.abs(centres[0]!.x - rows.reduce((sum, i) => sum + points.x[i]!, 0) / rows.length) < 1e-6);
});

test("all of the map is seen where no camera is, beside the legend and the buttons", () => {
  for (const [width, height] of [[1200, 700], [360, 500], [700, 200]] as const) {
    const view = viewOf(null, EXTENT, width, height);
    for (const [x, y] of [[-10, -5], [10, 5], [-10, 5]] as const) {
      const [px, py] = toScreen(view, x, y);
      assert.ok(px >= 0 && px <= width && py >= 0 && py <= height, `${px}, ${py} in ${width} x ${height}`);
      if (width > 620) assert.ok(px > 224);
    }
  }
});

test("pictures at the edges of a map stand neither under the legend nor under the buttons", () => {
  for (const [width, height] of [[1200, 700], [360, 500]] as const) {
    const view = viewOf(null, EXTENT, width, height, 42);
    for (const [x, y] of [[-10, -5], [10, 5], [-10, 5]] as const) {
      const [px, py] = toScreen(view, x, y);
      assert.ok(px - 42 >= view.free.left - 1e-9 && px + 42 <= view.free.right + 1e-9, `${px} of ${width}`);
      assert.ok(py - 42 >= view.free.top - 1e-9 && py + 42 <= view.free.bottom + 1e-9, `${py} of ${height}`);
    }
  }
});

test("a name beside the legend is moved out from under it", () => {
  const { free } = viewOf(null, EXTENT, 1200, 700);
  const label = { text: "mugs", width: 80, height: 18 };
  const [beside, under] = placed([{ ...label, at: [free.left + 5, 100] as Place }, { ...label, at: [100, 300] as Place }], 1200, 700, free);
  assert.deepEqual(beside!.at, [free.left + 40, 100]);
  assert.deepEqual(under!.at, [100, 300]);
});

test("a place on the screen is where it came from on the map", () => {
  const view = viewOf({ x: 1, y: -2, zoom: 37 }, EXTENT, 800, 600);
  const [x, y] = toMap(view, ...toScreen(view, 1.25, -2.125));
  assert.ok(Math.abs(x - 1.25) < 1e-9 && Math.abs(y + 2.125) < 1e-9);
});

test("what lies under the mouse stays under it when one zooms", () => {
  const view = viewOf(null, EXTENT, 800, 600);
  const before = toMap(view, 200, 450);
  const after = toMap(viewOf(zoomed(view, 3, 200, 450), EXTENT, 800, 600), 200, 450);
  assert.ok(Math.hypot(after[0] - before[0], after[1] - before[1]) < 1e-9);
});

test("dragging moves the map by as many pixels, and never off the screen", () => {
  const view = viewOf({ x: 0, y: 0, zoom: 2 }, EXTENT, 800, 600);
  const moved = viewOf(panned(view, 30, -20), EXTENT, 800, 600);
  const [px, py] = toScreen(moved, 0, 0);
  assert.ok(Math.abs(px - 430) < 1e-9 && Math.abs(py - 280) < 1e-9);
  assert.deepEqual(panned(view, 1e6, 1e6), { x: -10, y: 5, zoom: 2 });
});

test("the nearest point is that of a search through all", () => {
  const points = scattered(2_000);
  const cells = cellsOf(points, extentOf(points));
  const next = drawn(5, 9);
  for (let n = 0; n < 200; n++) {
    const [x, y, reach] = [next() * 24 - 12, next() * 14 - 7, next() * 0.6];
    let best: number | null = null;
    let least = reach * reach;
    for (let i = 0; i < points.count; i++) {
      const far = (points.x[i]! - x) ** 2 + (points.y[i]! - y) ** 2;
      if (far <= least) [best, least] = [i, far];
    }
    assert.equal(nearest(cells, x, y, reach), best);
  }
});

test("points that are not meant are not found", () => {
  const points = scattered(50);
  const cells = cellsOf(points, extentOf(points));
  assert.equal(nearest(cells, points.x[3]!, points.y[3]!, 0.01), 3);
  assert.notEqual(nearest(cells, points.x[3]!, points.y[3]!, 0.01, (row) => row !== 3), 3);
});

test("a box has all of its rows", () => {
  const points = scattered(3_000);
  const cells = cellsOf(points, extentOf(points));
  const box: Extent = [-2, -1, 3, 4];
  const rows = new Set(rowsIn(cells, box));
  assert.equal(rows.size, countIn(cells, box));
  for (let i = 0; i < points.count; i++) {
    const [x, y] = [points.x[i]!, points.y[i]!];
    if (x >= -2 && x <= 3 && y >= -1 && y <= 4) assert.ok(rows.has(i));
  }
});

test("a lasso of thousands of corners becomes one of few that selects nearly the same", () => {
  const next = drawn(3);
  const line = Array.from({ length: 4_000 }, (_, i): Place => {
    const turn = (i / 4_000) * 2 * Math.PI;
    const far = 200 + 60 * Math.sin(9 * turn) + 3 * next();
    return [400 + far * Math.cos(turn), 300 + far * Math.sin(turn)];
  });
  const polygon = simplified(line, 1.2);
  assert.ok(polygon.length >= 3 && polygon.length <= MOST_CORNERS, `${polygon.length} corners`);
  let wrong = 0;
  for (let n = 0; n < 2_000; n++) {
    const place: Place = [next() * 800, next() * 600];
    wrong += Number(contains(line, ...place) !== contains(polygon, ...place));
  }
  assert.ok(wrong < 30, `${wrong} of 2000`);
});

test("a line without area selects nothing", () => {
  assert.deepEqual(simplified([[0, 0], [50, 0], [100, 0]], 1.2), []);
  assert.deepEqual(simplified([[0, 0], [1, 0]], 1.2), []);
  assert.deepEqual(simplified([], 1.2), []);
});

test("corners are told in digits that the map's size needs", () => {
  assert.deepEqual(rounded([[1.23456789, -0.000049]], [0, 0, 12, 9]), [[1.235, -0]]);
  assert.deepEqual(rounded([[12345.678, 1]], [0, 0, 90000, 9]), [[12346, 1]]);
});

/** By the even-odd rule, as the server has it. */
function contains(polygon: readonly Place[], x: number, y: number): boolean {
  let isInside = false;
  for (let i = 0, j = polygon.length - 1; i < polygon.length; j = i++) {
    const [ax, ay] = polygon[i]!;
    const [bx, by] = polygon[j]!;
    if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) isInside = !isInside;
  }
  return isInside;
}

test("few points are large, many are small and let others through", () => {
  const view = viewOf(null, EXTENT, 900, 600);
  const looks = [40, 2_000, 100_000, 1_000_000].map((count) => lookOf(view, 1, count, 0.4));
  for (const [i, look] of looks.slice(1).entries()) assert.ok(look.sizePx <= looks[i]!.sizePx && look.alpha <= looks[i]!.alpha);
  assert.ok(looks[3]!.alpha < 0.6 && looks[3]!.sizePx < 2);
});

test("after slow frames fewer points are painted, to a limit, and after quick ones as many", () => {
  assert.equal(thinner(1, 60), 2);
  assert.equal(thinner(1, 500), 16);
  assert.equal(thinner(2, 30), 2);
  assert.equal(thinner(32, 500), 32);
});

test("where few points are seen they are their pictures, the larger the fewer", () => {
  const view = viewOf(null, EXTENT, 900, 600);
  const sizes = [12, 60, 200].map((count) => pictureSize(cellsOf(scattered(count), EXTENT), view)!);
  assert.deepEqual(sizes, [...sizes].sort((a, b) => b - a));
  assert.ok(sizes[2]! >= 34 && sizes[0]! <= 84);
  assert.equal(pictureSize(cellsOf(scattered(2_000), EXTENT), view), null);
  assert.notEqual(pictureSize(cellsOf(scattered(2_000), EXTENT), viewOf({ x: 0, y: 0, zoom: 8 }, EXTENT, 900, 600)), null);
});

test("pictures do not lie upon each other, and those of lower rows come first", () => {
  const points = scattered(400);
  const cells = cellsOf(points, extentOf(points));
  const framed = framedIn(cells, viewOf(null, extentOf(points), 1_000, 700), 60);
  assert.ok(framed.length > 20);
  assert.equal(framed[0]!.row, 0);
  framed.forEach(({ at: [x, y] }, i) => {
    for (const { at } of framed.slice(i + 1)) assert.ok(Math.abs(at[0] - x) >= 60 || Math.abs(at[1] - y) >= 60);
  });
});

test("names do not stand upon each other, nor outside", () => {
  const label = (text: string, at: Place): { text: string; at: Place; width: number; height: number } => ({ text, at, width: 60, height: 18 });
  const found = placed([label("a", [100, 50]), label("b", [130, 55]), label("c", [100, 90]), label("d", [5, 50])], 200, 100);
  assert.deepEqual(found.map(({ text }) => text), ["a", "c"]);
});

test("a click shows one alone, another shows all again, with Shift it comes to the others", () => {
  assert.deepEqual(clicked([], "a", false), ["a"]);
  assert.deepEqual(clicked(["a"], "a", false), []);
  assert.deepEqual(clicked(["a", "b"], "a", false), ["a"]);
  assert.deepEqual(clicked(["a"], "b", true), ["a", "b"]);
  assert.deepEqual(clicked(["a", "b"], "a", true), ["b"]);
});

test("isolated values are a filter, and other conditions stay", () => {
  const other = { field: "price", op: "range", value: [1, null] } as const;
  const one = isolating([{ ...other, value: [1, null] }], "kind", ["mug"]);
  assert.deepEqual(one.at(-1), { field: "kind", op: "eq", value: "mug" });
  const two = isolating(one, "kind", ["mug", "hat"]);
  assert.deepEqual(two.map(({ field, op }) => [field, op]), [["price", "range"], ["kind", "in"]]);
  assert.deepEqual(isolatedBy(two, "kind"), ["mug", "hat"]);
  assert.deepEqual(isolating(two, "kind", []).length, 1);
});

test("hits are coloured from the lowest score to the highest, all others are not", () => {
  const points = scattered(10);
  const hit = (row: number, score: number): { row: number; id: string; score: number; weak: boolean } => ({ row, id: String(row), score, weak: false });
  const { bytes, legend } = byScore(points, [hit(2, 0.1), hit(7, 0.3), hit(4, 0.2)]);
  assert.deepEqual([bytes[2], bytes[4], bytes[7], bytes[0]], [0, 127, 254, NONE]);
  assert.equal(legend.missing, 7);
});
