// Which models are served, and whether one reads text. Does not know collections.

import { signal } from "@preact/signals";

import { get } from "./api.ts";

interface Model {
  id: string;
  modalities: string[];
}

export const models = signal<readonly Model[]>([]);

export async function learnModels(): Promise<void> {
  try {
    models.value = (await get<{ data: Model[] }>("/v1/models")).data;
  } catch {
    // they are still loading, perhaps; a search says it in the server's words
  }
}

/** Unknown models may: the server has the last word. */
export function readsText(model: string | undefined): boolean {
  const found = models.value.find((one) => one.id === model);
  return found === undefined || found.modalities.includes("text");
}
