// Lets Node read TypeScript while tests run: its types are taken out, file by file. Does not know the tests.

import { readFile } from "node:fs/promises";
import { register } from "node:module";
import { fileURLToPath } from "node:url";
import { isMainThread } from "node:worker_threads";

import { transformWithOxc } from "vite";

if (isMainThread) register(import.meta.url);

export async function load(address, context, next) {
  if (!/\.tsx?$/.test(address)) return next(address, context);
  const path = fileURLToPath(address);
  const { code } = await transformWithOxc(await readFile(path, "utf8"), path);
  return { format: "module", source: code, shortCircuit: true };
}
