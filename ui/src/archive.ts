// Pictures out of what was dropped: files, folders, zip archives. An archive is inflated in pieces and no faster than
// its pictures are taken, so that even one made to do harm fills no memory and the page goes on. Does not know where
// they go.

import { Unzip, type UnzipFile, UnzipInflate } from "fflate";

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
const MAX_INFLATED_BYTES = 300_000_000; // in all, of an archive that grows more than:
const MOST_GROWTH = 100; // times; photographs hardly grow, drawings some ten times
const GROWS = `it grows more than ${MOST_GROWTH} times, which no pictures do`;
const PIECE_BYTES = 4_096; // inflated at once: at most 4 MB come of it, a thousand times as much
const BUSY_MS = 25; // then others have their turn

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
  const taken = new Entries(name);
  const unzip = new Unzip((entry) => taken.open(entry));
  unzip.register(Inflate);
  let read = 0;
  let rested = performance.now();
  try {
    for await (const piece of piecesOf(file)) {
      unzip.push(piece, read + piece.length === file.size);
      read += piece.length;
      yield* taken.ready.splice(0);
      if (taken.inflated > Math.max(MAX_INFLATED_BYTES, MOST_GROWTH * read)) throw new Error(GROWS);
      if (performance.now() - rested < BUSY_MS) continue;
      await new Promise((resolve) => setTimeout(resolve));
      rested = performance.now();
    }
  } catch (error) {
    yield { name, why: `the archive cannot be read: ${(error as Error).message}` };
  }
}

/** An empty file is one empty piece. */
async function* piecesOf(file: File): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  if (file.size === 0) yield new Uint8Array();
  const reader = file.stream().getReader();
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      for (let start = 0; start < value.length; start += PIECE_BYTES) yield value.subarray(start, start + PIECE_BYTES);
    }
  } finally {
    void reader.cancel();
  }
}

/** fflate's own inflates an entry to its end, whoever has had enough. */
class Inflate extends UnzipInflate {
  private isOver = false;

  override push(piece: Uint8Array, isLast: boolean): void {
    if (!this.isOver) super.push(piece, isLast);
  }

  terminate(): void {
    this.isOver = true;
  }
}

/** What comes out of an archive. */
class Entries {
  readonly ready: Finding[] = [];
  inflated = 0; // bytes
  private readonly archive: string;

  constructor(archive: string) {
    this.archive = archive;
  }

  open(entry: UnzipFile): void {
    const name = `${this.archive}/${entry.name}`;
    if (entry.name.endsWith("/") || /(^|\/)(\.|__MACOSX\/)/.test(entry.name)) return;
    if (PICTURES.test(entry.name)) this.collect(entry, name);
    else this.ready.push({ name, why: "not a picture" });
  }

  /** However it ends, it is told once. */
  private collect(entry: UnzipFile, name: string): void {
    const pieces: Uint8Array<ArrayBuffer>[] = [];
    let count = 0;
    let isOver = false;
    const end = (how: Finding): void => {
      isOver = true;
      pieces.length = 0;
      entry.terminate();
      this.ready.push(how);
    };
    entry.ondata = (error, piece, isLast) => {
      if (isOver) return;
      if (error) return end({ name, why: error.message });
      count += piece.length;
      this.inflated += piece.length;
      pieces.push(piece as Uint8Array<ArrayBuffer>);
      if (count > MAX_BYTES) end({ name, why: `it has more than ${MAX_BYTES / 1e6} MB` });
      else if (isLast) end({ name, data: new Blob(pieces) });
    };
    entry.start();
  }
}
