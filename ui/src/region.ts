// Which items of a search lie in what is selected on the map. Does not know what is searched for.

import * as api from "./api.ts";
import { atlas } from "./atlas.ts";
import { withinOf } from "./selection.ts";
import type { State } from "./state.ts";

/** Tells of ids whether they are in it. The server draws the lasso once, a bit for each row of its map. */
export async function holderOf(now: State, name: string, signal: AbortSignal): Promise<(ids: string[]) => Promise<boolean[]>> {
  const version = atlas.peek()?.version ?? null;
  const at = (route: string): string => api.path.of(name, `map/${route}${version === null ? "" : `?${new URLSearchParams({ version })}`}`);
  const body = { method: "POST", body: JSON.stringify(withinOf(now)), headers: { "content-type": "application/json" } };
  const bits = new Uint8Array(await (await api.ask(at("select"), { ...body, signal })).arrayBuffer());
  return async (ids) => {
    if (ids.length === 0) return [];
    const { rows } = await api.post<{ rows: (number | null)[] }>(at("rows"), { ids }, signal);
    return rows.map((row) => row !== null && ((bits[row >> 3]! >> (row & 7)) & 1) === 1);
  };
}
