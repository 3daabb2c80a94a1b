// Whether colours can be told apart, from the page and from each other. Does not know what they stand for.

import assert from "node:assert/strict";
import { test } from "node:test";

import { inkOf, PAPER, paletteOf, parsed, type Ink, type Theme } from "../src/map/palette.ts";

function luminance([red, green, blue]: Ink): number {
  const [r, g, b] = [red, green, blue].map((v) => (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
}

function contrast(a: Ink, b: Ink): number {
  const [dark, light] = [luminance(a), luminance(b)].sort((one, other) => one - other);
  return (light! + 0.05) / (dark! + 0.05);
}

for (const theme of ["light", "dark"] as Theme[]) {
  test(`every colour stands out from the ${theme} page`, () => {
    for (const kind of ["categorical", "number"] as const) {
      for (let b = 0; b < 256; b++) {
        const ink = inkOf(kind, b, theme);
        assert.ok(contrast(ink, parsed(PAPER[theme])) >= 3, `${kind} ${b}: ${ink.join(" ")} ${contrast(ink, parsed(PAPER[theme])).toFixed(2)}`);
      }
    }
  });

  test(`a scale goes one way in lightness, on the ${theme} page`, () => {
    const light = Array.from({ length: 255 }, (_, b) => luminance(inkOf("number", b, theme)));
    const way = theme === "light" ? -1 : 1;
    for (let b = 1; b < 255; b++) assert.ok((light[b]! - light[b - 1]!) * way > -0.002, `at ${b}`);
  });

  test(`the first colours differ for those who see no red or no green, on the ${theme} page`, () => {
    const inks = Array.from({ length: 12 }, (_, b) => inkOf("categorical", b, theme));
    for (const seen of [deuteranope, protanope]) {
      inks.forEach((ink, i) => {
        for (const other of inks.slice(i + 1)) {
          const far = Math.hypot(...seen(ink).map((v, k) => v - seen(other)[k]!));
          assert.ok(far > 30, `${ink.join(" ")} and ${other.join(" ")}: ${far.toFixed(0)}`);
        }
      });
    }
  });
}

/** Source: Machado, Oliveira and Fernandes 2009, severity 1; on the bytes as they are, which is near enough here. */
function deuteranope([r, g, b]: Ink): number[] {
  return [0.367 * r + 0.861 * g - 0.228 * b, 0.28 * r + 0.673 * g + 0.047 * b, -0.012 * r + 0.043 * g + 0.969 * b];
}

function protanope([r, g, b]: Ink): number[] {
  return [0.152 * r + 1.053 * g - 0.205 * b, 0.115 * r + 0.786 * g + 0.099 * b, -0.004 * r - 0.048 * g + 1.052 * b];
}

test("all others, and what has no value, are grey and lie behind", () => {
  const palette = paletteOf("categorical", "light", 20);
  assert.deepEqual(palette.slice(80, 84), palette.slice(1020, 1024));
  assert.ok(palette[83]! < palette[3]!);
});
