// Pictures out of what was dropped: files, folders, zip archives. An archive is read as a stream, and no faster
// than its pictures are taken. Does not know where they go.

import { Unzip, UnzipInflate } from "fflate";

export interface Found {
  name: string; // with its folders
  data: Blob;
}

export interface LeftOut {
  name: string;
  why: string;
}

export type Finding = Found | LeftOut;

const PICTURES = /\.(jpe?g|jpe|png|webp|gif|bmp|tiff?|avif|jfif)$/i; // of other files the server would say no
const MAX_BYTES = 100_000_000; // of one picture in an archive, which may tell lies about its size

export const isFound = (one: Finding): one is Found => "data" in one;
export const isPicture = (file: { name: string; type: string }): boolean =>
  file.type.startsWith("image/") || PICTURES.test(file.name);
const isArchive = (file: File): boolean => /\.zip$/i.test(file.name) || file.type === "application/zip";

/** Everything in a drop; entries must be taken before the event is over. */
export function dropped(transfer: DataTransfer): { entries: FileSystemEntry[]; files: File[] } {
  const entries = [...transfer.items].map((one) => one.webkitGetAsEntry()).filter((one) => one !== null);
  return { entries, files: [...transfer.files] };
}

export async function* findings(entries: readonly FileSystemEntry[], files: readonly File[]): AsyncGenerator<Finding> {
  if (entries.length === 0) {
    for (const file of files) yield* ofFile(file, file.webkitRelativePath || file.name);
    return;
  }
  for (const entry of entries) yield* ofEntry(entry);
}

async function* ofEntry(entry: FileSystemEntry): AsyncGenerator<Finding> {
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject));
    yield* ofFile(file, entry.fullPath.replace(/^\//, ""));
    return;
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) return;
    for (const one of some) yield* ofEntry(one);
  }
}

async function* ofFile(file: File, name: string): AsyncGenerator<Finding> {
  if (isArchive(file)) yield* ofArchive(file, name);
  else if (isPicture(file)) yield { name, data: file };
  else if (!file.name.startsWith(".")) yield { name, why: "not a picture" };
}

async function* ofArchive(file: File, name: string): AsyncGenerator<Finding> {
  const ready: Finding[] = [];
  const unzip = new Unzip((entry) => {
    const path = `${name}/${entry.name}`;
    if (entry.name.endsWith("/") || /(^|\/)(\.|__MACOSX\/)/.test(entry.name)) return;
    if (!PICTURES.test(entry.name)) {
      ready.push({ name: path, why: "not a picture" });
      return;
    }
    collect(entry, path, ready);
  });
  unzip.register(UnzipInflate);
  const reader = file.stream().getReader();
  try {
    for (;;) {
      const { value, done } = await reader.read();
      unzip.push(value ?? new Uint8Array(), done);
      yield* ready.splice(0);
      if (done) return;
    }
  } catch (error) {
    yield { name, why: `the archive cannot be read: ${(error as Error).message}` };
  } finally {
    void reader.cancel();
  }
}

function collect(entry: { ondata: unknown; start(): void; terminate(): void }, path: string, ready: Finding[]): void {
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  let count = 0;
  entry.ondata = (error: Error | null, piece: Uint8Array<ArrayBuffer>, isLast: boolean) => {
    count += piece?.length ?? 0;
    if (error) ready.push({ name: path, why: error.message });
    else if (count > MAX_BYTES) {
      entry.terminate();
      ready.push({ name: path, why: `it has more than ${MAX_BYTES / 1e6} MB` });
    } else {
      pieces.push(piece);
      if (isLast) ready.push({ name: path, data: new Blob(pieces) });
    }
  };
  entry.start();
}
