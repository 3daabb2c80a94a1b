// The points of a map as they come over the wire: a column of x, one of y, one of clusters.
// Does not know how they are asked for, coloured or drawn.

export interface Points {
  version: string;
  count: number;
  x: Float32Array;
  y: Float32Array;
  cluster: Uint8Array; // NONE: in no cluster
}

/** Left, bottom, right, top. */
export type Extent = readonly [number, number, number, number];

export const NONE = 255; // no cluster, no value
const BYTES_A_POINT = 9;
const MOST_OF = 1.7; // standard deviations
const MOST_CELLS = 128; // a side, for `inkedShare`

/** No byte is copied: the columns look into what came. */
export function pointsOf(version: string, content: ArrayBuffer): Points {
  const count = content.byteLength / BYTES_A_POINT;
  if (!Number.isInteger(count)) throw new RangeError(`${content.byteLength} bytes are no points of ${BYTES_A_POINT} bytes each`);
  return {
    version,
    count,
    x: new Float32Array(content, 0, count),
    y: new Float32Array(content, 4 * count, count),
    cluster: new Uint8Array(content, 8 * count, count),
  };
}

/** Never without width or height: one point alone still has a map around it. */
export function extentOf({ x, y, count }: Points): Extent {
  if (count === 0) return [-1, -1, 1, 1];
  const found: [number, number, number, number] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let i = 0; i < count; i++) {
    found[0] = Math.min(found[0], x[i]!);
    found[1] = Math.min(found[1], y[i]!);
    found[2] = Math.max(found[2], x[i]!);
    found[3] = Math.max(found[3], y[i]!);
  }
  return roomy(found);
}

export function roomy([left, bottom, right, top]: Extent): Extent {
  const dx = right > left ? 0 : 1;
  const dy = top > bottom ? 0 : 1;
  return [left - dx, bottom - dy, right + dx, top + dy];
}

/** The share of the extent that has points at all: how dense they lie there, their number alone does not tell. */
export function inkedShare({ x, y, count }: Points, [left, bottom, right, top]: Extent): number {
  const side = Math.min(Math.max(Math.ceil(Math.sqrt(count)), 1), MOST_CELLS); // a point a cell, were they even
  const cells = new Uint8Array(side * side);
  const across = (side - 1e-3) / (right - left);
  const up = (side - 1e-3) / (top - bottom);
  let inked = 0;
  for (let i = 0; i < count; i++) {
    const cell = Math.floor((y[i]! - bottom) * up) * side + Math.floor((x[i]! - left) * across);
    inked += 1 - (cells[cell] ?? 1);
    cells[cell] = 1;
  }
  return Math.max(inked, 1) / cells.length;
}

export interface Centre {
  cluster: number;
  x: number;
  y: number;
  up: number; // how far most of its points reach above and below
  count: number;
}

/** The middle of each cluster's points, the largest first. */
export function centresOf({ x, y, cluster, count }: Points): Centre[] {
  const across = new Float64Array(256);
  const up = new Float64Array(256);
  const squares = new Float64Array(256);
  const counts = new Uint32Array(256);
  for (let i = 0; i < count; i++) {
    const c = cluster[i]!;
    across[c]! += x[i]!;
    up[c]! += y[i]!;
    squares[c]! += y[i]! ** 2;
    counts[c]!++;
  }
  const all = Array.from(counts, (n, c) => {
    const y = up[c]! / n;
    return { cluster: c, x: across[c]! / n, y, up: MOST_OF * Math.sqrt(Math.max(squares[c]! / n - y * y, 0)), count: n };
  });
  return all.filter((one) => one.count > 0 && one.cluster !== NONE).sort((a, b) => b.count - a.count);
}

/** Bit i of byte floor(i / 8), least significant first, as a byte each: what an attribute of a vertex can be. */
export function bytesOfBits(bits: Uint8Array, count: number): Uint8Array {
  const bytes = new Uint8Array(count);
  for (let i = 0; i < count; i++) bytes[i] = (bits[i >> 3]! >> (i & 7)) & 1;
  return bytes;
}
