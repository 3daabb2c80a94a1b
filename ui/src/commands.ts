// What the page does, as commands for a terminal and as Python: to be copied. Does not know the clipboard.

import { filterOf } from "./filters.ts";
import { withinOf } from "./selection.ts";
import type { State } from "./state.ts";
import type { Json } from "./wire.ts";

export interface Command {
  curl: string;
  python: string;
}

const PICTURE = "picture.jpg"; // a file of whoever copies; the page cannot know where it lies
const ENCODED = `"$(base64 < ${PICTURE} | tr -d '\\n')"`; // run by the shell
const HERE = "PICTURE"; // where it stands in a body; no text can be this, for texts are JSON with quotes

export function searchCommand(now: State, origin: string, hasKey: boolean): Command {
  const name = now.collection!;
  const query = partsOf(now, HERE);
  const body: Record<string, Json> = { query, k: 20, ...filterPart(now) };
  const more = now.filter.length ? `, filter=${python(filterOf(now.filter))}` : "";
  return {
    curl: posted(`${at(origin, name)}/search`, body, hasKey),
    python: `${opening(origin, hasKey)}found = client.search(${python(name)}, query=${python(partsOf(now, PICTURE))}, k=20${more})\nfor hit in found.hits:\n    print(hit.id, hit.score)\n`,
  };
}

export function exportCommand(now: State, format: string, origin: string, hasKey: boolean): Command {
  const [within, filter] = [withinOf(now) as Record<string, Json>, filterOf(now.filter)];
  const hasWithin = Object.keys(within).length > 0;
  const query = new URLSearchParams({ format });
  if (filter !== null) query.set("filter", JSON.stringify(filter));
  if (hasWithin) query.set("within", JSON.stringify(within));
  const file = `${now.collection!}.${format === "ids" ? "txt" : format}`;
  const more = (filter === null ? "" : `, filter=${python(filter)}`) + (hasWithin ? `, within=${python(within)}` : "");
  return {
    curl: `curl -f -o ${quoted(file)}${keyHeader(hasKey)} ${quoted(`${at(origin, now.collection!)}/export?${query}`)}\n`,
    python: `${opening(origin, hasKey)}client.export(${python(now.collection!)}, ${python(file)}, format=${python(format)}${more})\n`,
  };
}

export function ingestCommand(name: string, source: string, origin: string, hasKey: boolean): Command {
  return {
    curl: posted(`${at(origin, name)}/ingest`, { source }, hasKey),
    python: `${opening(origin, hasKey)}job = client.ingest(${python(name)}, ${python(source)})\nclient.wait(job)\n`,
  };
}

export function mapCommand(name: string, order: Record<string, Json>, origin: string, hasKey: boolean): Command {
  const options = Object.entries(order).map(([field, value]) => `, ${field}=${python(value)}`).join("");
  return {
    curl: posted(`${at(origin, name)}/map`, order, hasKey),
    python: `${opening(origin, hasKey)}client.wait(client.draw_map(${python(name)}${options}))\nframe = client.map(${python(name)})\n`,
  };
}

function partsOf(now: State, picture: string): Json[] {
  const parts: Json[] = now.text ? [{ text: now.text }] : [];
  for (const part of now.parts) {
    parts.push({ ...(part.kind === "item" ? { item: part.id } : { image: picture }), weight: part.weight });
  }
  return parts;
}

function filterPart(now: State): Record<string, Json> {
  return now.filter.length ? { filter: filterOf(now.filter) } : {};
}

function at(origin: string, name: string): string {
  return `${origin}/v1/collections/${encodeURIComponent(name)}`;
}

function posted(address: string, body: Json, hasKey: boolean): string {
  const text = quoted(JSON.stringify(body));
  const call = `curl ${quoted(address)}${keyHeader(hasKey)} -H 'content-type: application/json' -d`;
  const slot = `{"image":"${HERE}"`;
  if (!text.includes(slot)) return `${call} ${text}\n`;
  // what printf is given may be long; what curl is given may not
  return `printf %s ${text.replaceAll(slot, `{"image":"'${ENCODED}'"`)} |\n  ${call} @-\n`;
}

function keyHeader(hasKey: boolean): string {
  return hasKey ? ' -H "authorization: Bearer $SIGHTLINE_API_KEY"' : "";
}

function opening(origin: string, hasKey: boolean): string {
  const key = hasKey ? ', api_key=os.environ["SIGHTLINE_API_KEY"]' : "";
  return `${hasKey ? "import os\n" : ""}import sightline\n\nclient = sightline.Client(${python(origin)}${key})\n`;
}

/** For a POSIX shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** A value as Python writes it. */
export function python(value: Json): string {
  if (value === null) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value !== "object") return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(python).join(", ")}]`;
  return `{${Object.entries(value).map(([name, one]) => `${JSON.stringify(name)}: ${python(one)}`).join(", ")}}`;
}
