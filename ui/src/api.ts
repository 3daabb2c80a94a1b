// Asks the server: one function a route, typed answers, one class of error. Does not know what is shown.

import { isAway } from "./away.ts";
import { authorisation, isRefused } from "./key.ts";
import type { Collection, Duplicates, Failure, Found, Item, Job, Json, MapInfo, Within } from "./wire.ts";

/** code: the server's, or `away` where it did not answer. */
export class AskError extends Error {
  readonly code: string;
  readonly status: number;
  readonly retryAfterS: number | null;

  constructor(message: string, code: string, status: number, retryAfterS: number | null = null) {
    super(message);
    this.code = code;
    this.status = status;
    this.retryAfterS = retryAfterS;
  }
}

export interface Asked {
  method?: string;
  body?: BodyInit;
  headers?: Record<string, string>;
  signal?: AbortSignal | null;
}

/** Raises AskError; an AbortError goes through as it is. */
export async function ask(path: string, asked: Asked = {}): Promise<Response> {
  let answer: Response;
  try {
    answer = await fetch(path, { ...asked, headers: { ...authorisation(), ...asked.headers } });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    isAway.value = true;
    throw new AskError("The server does not answer. It may have stopped, or the network is gone.", "away", 0);
  }
  isAway.value = false;
  if (answer.ok) return answer;
  if (answer.status === 401) isRefused.value = true;
  throw await refusal(answer);
}

async function refusal(answer: Response): Promise<AskError> {
  let told: { message?: string; code?: string } = {};
  try {
    told = ((await answer.json()) as { error?: typeof told }).error ?? {};
  } catch {
    // not one of ours: a proxy in between, perhaps
  }
  const after = Number(answer.headers.get("retry-after") ?? "");
  const message = told.message ?? `The server answered ${answer.status}.`;
  return new AskError(message, told.code ?? "unknown", answer.status, after > 0 ? after : null);
}

export async function get<T>(path: string, signal?: AbortSignal | null): Promise<T> {
  return (await (await ask(path, { signal: signal ?? null })).json()) as T;
}

export async function post<T>(path: string, content?: unknown, signal?: AbortSignal | null): Promise<T> {
  const body = content === undefined ? {} : { body: JSON.stringify(content), headers: { "content-type": "application/json" } };
  return (await (await ask(path, { method: "POST", ...body, signal: signal ?? null })).json()) as T;
}

export const path = {
  collection: (name: string) => `/v1/collections/${encodeURIComponent(name)}`,
  of: (name: string, rest: string) => `/v1/collections/${encodeURIComponent(name)}/${rest}`,
  item: (name: string, id: string) => path.of(name, `items/${inPath(id)}`),
  picture: (name: string, id: string) => path.of(name, `pictures/${inPath(id)}`),
  thumbnail: (name: string, id: string, sha256 = "") =>
    path.of(name, `thumbnails/${inPath(id)}`) + (sha256 && `?v=${sha256.slice(0, 16)}`),
};

/** Slashes of an id stay: the server's routes take the rest of the path. */
function inPath(id: string): string {
  return id.split("/").map(encodeURIComponent).join("/");
}

export const collections = async (): Promise<Collection[]> =>
  (await get<{ collections: Collection[] }>("/v1/collections")).collections;

export const describe = (name: string): Promise<Collection> => get(path.collection(name));

export const mapInfo = (name: string): Promise<MapInfo> => get(path.of(name, "map"));

export const item = (name: string, id: string): Promise<Item> => get(path.item(name, id));

export interface SearchAsked {
  query: Record<string, Json>[];
  k: number;
  offset: number;
  filter?: Json;
  within?: Within;
}

export const search = (name: string, asked: SearchAsked, signal?: AbortSignal): Promise<Found> =>
  post(path.of(name, "search"), asked, signal);

export const items = (name: string, after: string, limit: number, signal?: AbortSignal): Promise<{ items: Item[]; next: string | null }> =>
  get(path.of(name, `items?${new URLSearchParams({ after, limit: String(limit) })}`), signal);

export const duplicates = (name: string, asked: Record<string, string>, signal?: AbortSignal): Promise<Duplicates> =>
  get(path.of(name, `duplicates?${new URLSearchParams(asked)}`), signal);

export const create = (name: string, model: string): Promise<Collection> =>
  post("/v1/collections", { name, ...(model ? { model } : {}) });

export const takeIn = (name: string, source: string): Promise<Job> => post(path.of(name, "ingest"), { source });

export const remove = (name: string, ids: readonly string[]): Promise<{ removed: number; missing: string[] }> =>
  post(path.of(name, "items/remove"), { ids });

export const jobs = async (): Promise<Job[]> => (await get<{ jobs: Job[] }>("/v1/jobs?limit=50")).jobs;

export const moveJob = (id: number, move: "pause" | "resume" | "cancel" | "retry"): Promise<unknown> =>
  post(`/v1/jobs/${id}/${move}`);

export const failures = async (id: number): Promise<Failure[]> =>
  (await get<{ failures: Failure[] }>(`/v1/jobs/${id}/failures?limit=200`)).failures;
