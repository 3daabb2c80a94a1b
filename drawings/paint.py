"""Colour on parts: materials, woven patterns and the shading that makes a flat outline look round.

Knows no kinds of product and no backgrounds.
"""

from __future__ import annotations

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from drawings.outline import Part, Points
from drawings.product import COLOURS

Pixels = NDArray[np.float32]  # (H, W, 3), 0 to 255

MATERIALS: dict[str, tuple[int, int, int]] = {
    "metal": (176, 178, 184),
    "wood": (168, 122, 78),
    "rubber": (232, 230, 224),
    "pearl": (238, 234, 226),
    "lining": (92, 88, 88),
    "dark": (46, 44, 48),
    "tea": (96, 56, 28),
    "leaf": (84, 128, 70),
    "petal": (246, 226, 196),
    "pollen": (226, 176, 70),
    "glow": (255, 240, 196),
}
_OUTLINE_SHARE = 0.8  # of the canvas half-width that the square from -1 to 1 takes up


def pigment(colour: str, rng: Generator) -> Pixels:
    """One shade of a colour word: near enough to be named the same by anybody."""
    base = np.array(COLOURS[colour], dtype=np.float32)
    spread = 5.0 if colour in ("grey", "black", "white") else 12.0
    grey_shift = rng.uniform(-14, 14) if colour not in ("white", "black") else rng.uniform(-6, 6)
    shift = rng.normal(0, spread * 0.5, 3) * (0.3 if spread < 6 else 1.0)
    return np.clip(base + shift + grey_shift, 0, 255).astype(np.float32)


def _contrast(colour: str, rng: Generator) -> Pixels:
    """What stripes and dots are printed in: white or a darker tone, never another colour word."""
    if colour in ("white", "yellow"):
        light = np.array(COLOURS[colour], dtype=np.float32)
        return np.asarray(light * rng.uniform(0.66, 0.76), dtype=np.float32)
    if colour == "grey" or rng.random() < 0.75:
        return np.array((243, 242, 238), dtype=np.float32)
    return np.asarray(np.array(COLOURS[colour], dtype=np.float32) * 0.45, dtype=np.float32)


def _turned_grid(side_px: int, rng: Generator, tilt_deg: float) -> tuple[Pixels, Pixels]:
    y, x = np.mgrid[0:side_px, 0:side_px].astype(np.float32) / side_px
    angle = np.radians(rng.normal(0, tilt_deg))
    u, v = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
    return (u + rng.random()).astype(np.float32), (v + rng.random()).astype(np.float32)


def print_mask(pattern: str, side_px: int, rng: Generator) -> Pixels:
    """(side, side) float32: 1 where the pattern's second colour goes."""
    u, v = _turned_grid(side_px, rng, 4.0)
    if pattern == "striped":
        along = v if rng.random() < 0.65 else u
        return _as_ink(along * rng.uniform(7, 13) % 1.0 < rng.uniform(0.28, 0.42))
    if pattern == "checked":
        repeat, share = rng.uniform(6, 11), rng.uniform(0.26, 0.4)
        across, down = u * repeat % 1.0 < share, v * repeat % 1.0 < share
        return np.asarray(0.5 * _as_ink(across) + 0.5 * _as_ink(down), dtype=np.float32)
    if pattern == "dotted":
        repeat = rng.uniform(8, 13)
        row = np.floor(v * repeat)
        du, dv = (u * repeat + 0.5 * (row % 2)) % 1.0 - 0.5, v * repeat % 1.0 - 0.5
        return _as_ink(du**2 + dv**2 < rng.uniform(0.055, 0.10))
    if pattern == "floral":
        return _blossoms(u, v, rng)
    return np.zeros((side_px, side_px), dtype=np.float32)


def _as_ink(mask: NDArray[np.bool_]) -> Pixels:
    return mask.astype(np.float32)


def _blossoms(u: Pixels, v: Pixels, rng: Generator) -> Pixels:
    """Five-petalled flowers on a loose lattice, each cell with its own turn, place and size."""
    repeat = rng.uniform(4.5, 7.0)
    column, row = np.floor(u * repeat), np.floor(v * repeat)
    chance = np.sin(column * 12.9898 + row * 78.233) * 43758.5453
    chance = chance - np.floor(chance)
    du = u * repeat - column - 0.5 + 0.25 * (chance - 0.5)
    dv = v * repeat - row - 0.5 + 0.25 * (chance * 7 % 1 - 0.5)
    radius, angle = np.hypot(du, dv), np.arctan2(dv, du) + chance * 6.28
    petal = (0.24 + 0.10 * chance) * (0.62 + 0.38 * np.cos(5 * angle))
    return _as_ink(np.asarray((radius < petal) & (radius > 0.07)))


def cloth(colour: str, pattern: str, side_px: int, rng: Generator) -> tuple[Pixels, Pixels]:
    """The plain pigment (3,) and the printed cloth (side, side, 3)."""
    plain = pigment(colour, rng)
    ink = _contrast(colour, rng)
    mask = print_mask(pattern, side_px, rng)[..., None]
    return plain, np.asarray(plain * (1 - mask) + ink * mask, dtype=np.float32)


def part_mask(outline: Points, side_px: int) -> Image.Image:
    mask = Image.new("L", (side_px, side_px), 0)
    spots = (outline * _OUTLINE_SHARE + 1.0) * (side_px / 2)
    ImageDraw.Draw(mask).polygon([(float(x), float(y)) for x, y in spots], fill=255)
    return mask


def _rim_shade(mask: Image.Image, softness_px: float) -> Pixels:
    """Brightness 0.72 at the rim of a part and 1.0 well inside it, a little more to the upper left."""
    blurred = np.asarray(mask.filter(ImageFilter.BoxBlur(softness_px)), dtype=np.float32) / 255
    shade = 0.50 + 0.5 * np.minimum(1.0, blurred)
    slope = np.roll(blurred, (3, 3), (0, 1)) - blurred
    return np.asarray(shade - 0.35 * slope, dtype=np.float32)


def _drape(side_px: int, rng: Generator) -> Pixels:
    """Broad soft folds: a few low waves, 0.88 to 1.12."""
    u, v = _turned_grid(side_px, rng, 60.0)
    wave = np.sin(u * rng.uniform(6, 16) + 1.5 * np.sin(v * rng.uniform(2, 6)))
    wave += 0.6 * np.sin(v * rng.uniform(5, 14) + 2.0 * np.sin(u * rng.uniform(3, 7)))
    return np.asarray(1.0 + rng.uniform(0.02, 0.075) * wave, dtype=np.float32)


def painted(parts: list[Part], colour: str, pattern: str, side_px: int, rng: Generator) -> Image.Image:
    """All parts, first to last, on a transparent square: RGBA, side_px wide."""
    plain, print_px = cloth(colour, pattern, side_px, rng)
    drape = _drape(side_px, rng)
    canvas = np.zeros((side_px, side_px, 3), dtype=np.float32)
    cover = Image.new("L", (side_px, side_px), 0)
    for part in parts:
        mask = part_mask(part.outline, side_px)
        box = mask.getbbox()
        if box is None:
            continue
        left, top, right, bottom = box
        window = np.s_[top:bottom, left:right]
        surface = print_px[window] if part.paint == "cloth" else _flat(part.paint, plain)
        light = drape[window] * part.tone
        if part.rounded:
            light = light * _rim_shade(mask, side_px / 40)[window]
        inside = (np.asarray(mask, dtype=np.float32)[window] / 255)[..., None]
        canvas[window] = canvas[window] * (1 - inside) + surface * light[..., None] * inside
        cover.paste(255, mask=mask)
    pixels = Image.fromarray(np.clip(canvas, 0, 255).astype(np.uint8))
    pixels.putalpha(cover)
    return pixels


def _flat(paint: str, plain: Pixels) -> Pixels:
    return plain if paint == "colour" else np.array(MATERIALS[paint], dtype=np.float32)
