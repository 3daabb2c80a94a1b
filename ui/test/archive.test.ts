// Archives that pictures come out of, honest ones and others. Does not know where the pictures go.

import assert from "node:assert/strict";
import { test } from "node:test";
import { deflateRawSync } from "node:zlib";

import { strToU8, zipSync } from "fflate";

import { type Finding, findings, isFound } from "../src/archive.ts";

const LIMIT_BYTES = 100_000_000; // of one picture
const NAME = "a.png";

function archive(entries: Record<string, Uint8Array>, level: 0 | 9 = 9): File {
  return new File([zipSync(entries, { level }) as Uint8Array<ArrayBuffer>], "a.zip", { type: "application/zip" });
}

/** Pictures of zeros, a thousand times smaller in it. */
function bomb(pictures: number, pictureBytes: number): File {
  const deflated = deflateRawSync(new Uint8Array(pictureBytes), { level: 9 });
  const header = new DataView(new ArrayBuffer(30));
  header.setUint32(0, 0x04034b50, true);
  header.setUint16(8, 8, true); // deflated
  header.setUint32(18, deflated.length, true);
  header.setUint32(22, pictureBytes, true);
  header.setUint16(26, NAME.length, true);
  const entry = [header, NAME, deflated];
  return new File(Array.from({ length: pictures }, () => entry).flat(), "a.zip");
}

async function all(file: File): Promise<Finding[]> {
  const found: Finding[] = [];
  for await (const one of findings([], [file])) found.push(one);
  return found;
}

for (const level of [0, 9] as const) {
  test(`pictures come out of an archive of level ${level} as they went in, and what is none is named`, async () => {
    const picture = Uint8Array.from({ length: 300_000 }, (_, i) => (i * i) >> 7);
    const found = await all(archive({ "in/one.png": picture, "two.jpg": strToU8("two"), "read.me": strToU8("-") }, level));
    const [one, two] = found.filter(isFound);
    assert.deepEqual(found.map(({ name }) => name), ["a.zip/in/one.png", "a.zip/two.jpg", "a.zip/read.me"]);
    assert.deepEqual(new Uint8Array(await one!.data.arrayBuffer()), picture);
    assert.equal(await two!.data.text(), "two");
  });
}

test("a picture of an archive waits in it until the one before is taken", async () => {
  const from = findings([], [bomb(20, 8_000_000)]);
  const before = process.memoryUsage().arrayBuffers;
  await from.next();
  assert.ok(process.memoryUsage().arrayBuffers - before < 60_000_000, "more than one was inflated");
  await from.return(undefined);
});

test("timers fire while an archive is inflated", async () => {
  let fired = 0;
  const timer = setInterval(() => fired++, 1);
  await all(bomb(2, 30_000_000));
  clearInterval(timer);
  assert.ok(fired >= 3, `${fired} times`);
});

test("a picture that grows too large is left out, and told of once", async () => {
  const found = await all(bomb(1, LIMIT_BYTES + 20_000_000));
  assert.deepEqual(found, [{ name: "a.zip/a.png", why: "it has more than 100 MB" }]);
});

test("an archive that is made to fill a disk is given up", async () => {
  const found = await all(bomb(8, 90_000_000));
  assert.ok(found.filter(isFound).length <= 4);
  assert.match((found.at(-1) as { why: string }).why, /more than 100 times/);
});

test("an archive that was cut off says so", async () => {
  const whole = archive({ "a.png": Uint8Array.from({ length: 50_000 }, (_, i) => (i * i) >> 3) }, 0);
  const [only, ...others] = await all(new File([whole.slice(0, 20_000)], "a.zip"));
  assert.match((only as { why: string }).why, /cannot be read/);
  assert.deepEqual(others, []);
});
