// Filters, names and commands as the page writes them. Does not know where they are shown.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtemp, readdir, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { exportCommand, ingestCommand, mapCommand, python, searchCommand } from "../src/commands.ts";
import { filterOf, told, valueAt } from "../src/filters.ts";
import { bytes, counted, nameOf, seconds } from "../src/naming.ts";
import { START } from "../src/state.ts";

const HERE = "http://10.0.0.5:8000";

test("one condition is itself, several are joined by and", () => {
  assert.equal(filterOf([]), null);
  assert.deepEqual(filterOf([{ field: "a", op: "eq", value: "x" }]), { a: { eq: "x" } });
  assert.deepEqual(
    filterOf([
      { field: "a", op: "ne", value: true },
      { field: "n", op: "range", value: [1, null] },
    ]),
    { and: [{ a: { ne: true } }, { n: { gte: 1 } }] },
  );
});

test("conditions are told in words", () => {
  assert.equal(told({ field: "a", op: "in", value: ["x", "y"] }), "a is x or y");
  assert.equal(told({ field: "n", op: "range", value: [1, 2] }), "n from 1 to 2");
  assert.equal(told({ field: "n", op: "exists", value: false }), "n is missing");
});

test("dots lead to nested values", () => {
  assert.equal(valueAt({ made: { in: "Porto" } }, "made.in"), "Porto");
  assert.equal(valueAt({ made: ["Porto"] }, "made.in"), undefined);
});

test("a command survives quotes, and says nothing of the key but its name", () => {
  const now = { ...START, collection: "it's", text: "a 'red' dress; rm -rf /" };
  const { curl, python: code } = searchCommand(now, HERE, true);
  assert.ok(curl.includes(`'{"query":[{"text":"a '\\''red'\\'' dress; rm -rf /"}],"k":20}'`), curl);
  assert.ok(curl.includes("$SIGHTLINE_API_KEY"));
  assert.ok(code.includes('os.environ["SIGHTLINE_API_KEY"]'));
});

test("a picture is put in by the shell, and nothing of the words is run by it", async () => {
  const folder = await mkdtemp(join(tmpdir(), "copied-"));
  await writeFile(join(folder, "picture.jpg"), "pixels");
  await writeFile(join(folder, "curl"), '#!/bin/sh\ncat > told; printf "%s\\n" "$@" > asked\n', { mode: 0o755 });
  const text = "it's $(touch a) `touch b` \\ \" {\"image\":\"PICTURE\"";
  const parts = [{ kind: "picture" as const, key: "k", name: "n", weight: -0.5 }];
  const { curl } = searchCommand({ ...START, collection: "c", text, parts }, HERE, false);
  execFileSync("sh", ["-c", curl], { cwd: folder, env: { PATH: `${folder}:${process.env["PATH"]}` } });
  const { query } = JSON.parse(await readFile(join(folder, "told"), "utf8")) as { query: unknown[] };
  assert.deepEqual(query, [{ text }, { image: "cGl4ZWxz", weight: -0.5 }]);
  assert.deepEqual((await readdir(folder)).sort(), ["asked", "curl", "picture.jpg", "told"]);
});

test("an export takes the filter and the lasso along", () => {
  const now = {
    ...START,
    collection: "c",
    clusters: [3],
    filter: [{ field: "a", op: "eq" as const, value: 1 }],
    lasso: [{ op: "add" as const, polygon: [[0, 0], [1, 0], [0, 1]] as [number, number][] }],
  };
  const { curl, python: code } = exportCommand(now, "ids", HERE, false);
  assert.ok(decodeURIComponent(curl).includes('within={"lasso":[{"op":"add","polygon":[[0,0],[1,0],[0,1]]}],"clusters":[3]}'), curl);
  assert.ok(code.includes('"clusters": [3]'), code);
  assert.ok(ingestCommand("c", "/srv", HERE, false).curl.includes("/v1/collections/c/ingest"));
  assert.ok(mapCommand("c", { algorithm: "pca" }, HERE, false).python.includes('algorithm="pca"'));
});

test("values are written as Python has them", () => {
  assert.equal(python({ a: [true, null, 1.5, "x"] }), '{"a": [True, None, 1.5, "x"]}');
});

test("things have names, and counts have units", () => {
  assert.equal(nameOf({ id: "1", uri: "a/b.png?x=1", metadata: {} }), "b.png");
  assert.equal(nameOf({ id: "1", uri: "", metadata: { title: "red dress" } }), "red dress");
  assert.equal(nameOf({ id: "1", uri: "" }), "1");
  assert.equal(counted(1, "copy", "copies"), "1 copy");
  assert.equal(counted(1200, "picture"), "1,200 pictures");
  assert.equal(bytes(1_500_000), "1.5 MB");
  assert.equal(seconds(7200), "2.0 h");
});
