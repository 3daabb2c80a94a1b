// How things are called on the page: items, sizes, counts, times. Does not know where they are shown.

/** An item as people know it: its title, the last part of where it came from, or its id. */
export function nameOf(item: { id: string; uri: string; metadata?: Record<string, unknown> }): string {
  const title = item.metadata?.["title"] ?? item.metadata?.["name"];
  if (typeof title === "string" && title) return title;
  const last = item.uri.split(/[?#]/)[0]!.split("/").filter(Boolean).pop();
  return last ?? item.id;
}

export function counted(count: number, one: string, several = `${one}s`): string {
  return `${number(count)} ${count === 1 ? one : several}`;
}

const plain = new Intl.NumberFormat("en");

export function number(value: number): string {
  return plain.format(value);
}

export function bytes(count: number): string {
  if (count < 1000) return `${count} bytes`;
  if (count < 1e6) return `${(count / 1e3).toFixed(0)} kB`;
  return `${(count / 1e6).toFixed(1)} MB`;
}

export function seconds(count: number): string {
  if (count < 90) return `${Math.max(1, Math.round(count))} s`;
  if (count < 5400) return `${Math.round(count / 60)} min`;
  return `${(count / 3600).toFixed(1)} h`;
}

export function day(since1970S: number): string {
  return new Date(since1970S * 1000).toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
}
