// Colours of points: 256 of them, one a byte, for light and for dark. Does not know what a byte stands for.
//
// Each stands out from the page by 3 to 1 at least, as WCAG 1.4.11 asks of what is drawn. After the first two, each
// was chosen as far as can be from all before it, as people see it who see all hues, no red, or no green.

export type Ink = readonly [number, number, number]; // red, green, blue, 0 to 255
export type Kind = "categorical" | "number";

export const PAPER = { light: "#f6f6f4", dark: "#141517" } as const; // --paper

const KINDS = {
  light: [
    "#1f6fb4", "#d9580d", "#82004a", "#1e4a15", "#5315ac", "#0e9d74", "#9e6ffa", "#c61f6e", "#b979a5", "#8b4c49",
    "#5c59e8", "#244b8a", "#a68b08", "#c21e01", "#1449c9", "#f1576e", "#7e0385", "#0c96d1", "#148a03", "#8c5390",
  ],
  dark: [
    "#5cb2f2", "#ff9a52", "#d843a0", "#36f6c7", "#9e7a0a", "#e9e101", "#7769fa", "#c88bb5", "#4a9778", "#e93e39",
    "#0486c2", "#f8c6fd", "#18d96d", "#fad58c", "#04bfae", "#d18906", "#accc00", "#6390fa", "#be57d3", "#f86889",
  ],
} as const;

const RAMPS = {
  light: ["#bf7a0a", "#cf5a2a", "#b83a68", "#7d2788", "#3b1466"], // more is darker
  dark: ["#7d5bd0", "#b557b0", "#ea6a78", "#fba65c", "#fdf3b0"], // more is lighter
} as const;

const ABSENT = { light: "#868c95", dark: "#7b828c" } as const;
const ABSENT_ALPHA = 105; // of 255: what has no value lies behind what has one

export type Theme = keyof typeof KINDS;

/** The colour of byte b, categorical: of an entry; number: from the lowest, 0, to the highest, 254. 255 is of none. */
export function inkOf(kind: Kind, b: number, theme: Theme): Ink {
  if (b === 255) return parsed(ABSENT[theme]);
  if (kind === "number") return along(RAMPS[theme].map(parsed), b / 254);
  const kinds = KINDS[theme];
  const ink = parsed(kinds[b % kinds.length]!);
  const round = Math.floor(b / kinds.length);
  return round === 0 ? ink : mixed(ink, theme === "light" ? [0, 0, 0] : [255, 255, 255], Math.min(round * 0.22, 0.7));
}

/** (256 x 4) bytes. `other`: the entry that stands for all the rest, grey as well. */
export function paletteOf(kind: Kind, theme: Theme, other: number | null = null): Uint8Array {
  const palette = new Uint8Array(256 * 4);
  for (let b = 0; b < 256; b++) {
    const isAbsent = b === 255 || (kind === "categorical" && b === other);
    palette.set([...inkOf(kind, isAbsent ? 255 : b, theme), isAbsent ? ABSENT_ALPHA : 255], 4 * b);
  }
  return palette;
}

export function cssOf([red, green, blue]: Ink): string {
  return `rgb(${red} ${green} ${blue})`;
}

export function parsed(hex: string): Ink {
  const value = parseInt(hex.slice(1), 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}

function along(stops: readonly Ink[], share: number): Ink {
  const at = Math.min(Math.max(share, 0), 1) * (stops.length - 1);
  const from = Math.min(Math.floor(at), stops.length - 2);
  return mixed(stops[from]!, stops[from + 1]!, at - from);
}

function mixed(a: Ink, b: Ink, share: number): Ink {
  const of = (i: 0 | 1 | 2): number => Math.round(a[i] + (b[i] - a[i]) * share);
  return [of(0), of(1), of(2)];
}
