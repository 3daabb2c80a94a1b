// The state as an address, and back. Does not know the browser.

import assert from "node:assert/strict";
import { test } from "node:test";

import { read, write } from "../src/address.ts";
import { START, type State } from "../src/state.ts";

const search = (address: string): string => address.slice(1);

test("a state comes back from its address", () => {
  const state: State = {
    collection: "shoes & more",
    view: "map",
    text: "a réd shoe?",
    parts: [
      { kind: "item", id: "a/b c", weight: -0.5 },
      { kind: "picture", key: "k1", name: "my shoe.jpg", weight: 1 },
    ],
    filter: [
      { field: "colour", op: "in", value: ["red", "blue"] },
      { field: "price", op: "range", value: [null, 30] },
      { field: "made.in", op: "exists", value: false },
      { field: "count", op: "eq", value: 3 },
    ],
    item: "x",
    colour: "price",
    lasso: [
      { op: "add", polygon: [[0, 0], [1.5, 0], [-0.25, 12345]] },
      { op: "subtract", polygon: [[0, 0], [1, 0], [0, 1]] },
    ],
    clusters: [0, 12],
    camera: { x: 1.25, y: -3, zoom: 2 },
    duplicates: { threshold: "exact", keep: "oldest" },
    theme: "dark",
  };
  assert.deepEqual(read(search(write(state))), state);
});

test("what was never chosen is not in the address", () => {
  assert.equal(write(START), "/");
  assert.deepEqual(read(""), START);
});

test("nonsense is left out", () => {
  const odd = "?view=nope&like=7&like=[1,2]&where=[%22a%22,%22eq%22,{}]&where=[&lasso=a1,2&lasso=x1,1 2,2 3,3&lasso=aNaN,1 2,2 3,3&clusters=x.-1.9999&at=1,2&at=0,0,0&picture=[%22k%22,1e999,%22n%22]";
  assert.deepEqual(read(odd), START);
});

test("coordinates are as exact as a screen, so that a lasso fits an address", () => {
  const polygon = Array.from({ length: 200 }, (_, n): [number, number] => [Math.sin(n) * 10.123456, Math.cos(n) / 3]);
  const address = write({ ...START, lasso: [{ op: "add", polygon }] });
  assert.ok(address.length < 5000, `${address.length} characters`);
});
