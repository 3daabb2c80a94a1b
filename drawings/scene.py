"""What stands behind a product: paper, a wall and floor, planks, a woven rug.

Knows no products.
"""

from __future__ import annotations

import numpy as np
from numpy.random import Generator
from PIL import Image

from drawings.paint import Pixels

_WALLS = (
    (222, 214, 200),
    (205, 214, 219),
    (214, 219, 205),
    (226, 210, 206),
    (196, 192, 188),
    (236, 230, 220),
)
_WOODS = ((176, 136, 96), (146, 106, 72), (204, 172, 132), (120, 92, 70))
_FLOORS = (*_WOODS, (168, 160, 152), (128, 124, 122))


def _pick(colours: tuple[tuple[int, int, int], ...], rng: Generator) -> Pixels:
    return np.array(colours[rng.integers(len(colours))] + rng.normal(0, 5, 3), dtype=np.float32)


def _ramp(side_px: int, rng: Generator) -> Pixels:
    """(side, side, 1): 0 to 1 in one direction."""
    y, x = np.mgrid[0:side_px, 0:side_px].astype(np.float32) / side_px
    angle = rng.uniform(0, 2 * np.pi)
    slope = x * np.cos(angle) + y * np.sin(angle)
    return np.asarray((slope - slope.min()) / (slope.max() - slope.min()), dtype=np.float32)[..., None]


def _speckle(side_px: int, coarse_px: int, rng: Generator) -> Pixels:
    """(side, side, 1): smooth noise around 0, deviation 1, whose blots are `coarse_px` wide."""
    cells = max(2, side_px // coarse_px)
    grain = Image.fromarray(rng.normal(0, 1, (cells, cells)).astype(np.float32))
    return np.asarray(grain.resize((side_px, side_px), Image.Resampling.BICUBIC))[..., None]


def white(side_px: int, rng: Generator) -> Pixels:
    return np.full((side_px, side_px, 3), rng.uniform(249, 255), dtype=np.float32)


def grey(side_px: int, rng: Generator) -> Pixels:
    level = np.full((side_px, side_px, 3), rng.uniform(150, 205), dtype=np.float32)
    return level + 5 * _ramp(side_px, rng)


def gradient(side_px: int, rng: Generator) -> Pixels:
    ramp = _ramp(side_px, rng)
    return _pick(_WALLS, rng) * (1 - ramp) + (_pick(_WALLS, rng) * rng.uniform(0.55, 0.8)) * ramp


def room(side_px: int, rng: Generator) -> Pixels:
    scene = np.broadcast_to(_pick(_WALLS, rng), (side_px, side_px, 3)).copy()
    skirting = int(side_px * rng.uniform(0.6, 0.78))
    scene[skirting:] = _pick(_FLOORS, rng)
    scene[skirting : skirting + max(2, side_px // 50)] *= 0.7
    light = 1.0 - 0.18 * _ramp(side_px, rng)
    return np.asarray(scene * light + 1.5 * _speckle(side_px, 3, rng), dtype=np.float32)


def wooden(side_px: int, rng: Generator) -> Pixels:
    y, x = np.mgrid[0:side_px, 0:side_px].astype(np.float32) / side_px
    if rng.random() < 0.5:
        x, y = y, x
    planks = rng.uniform(3, 7)
    plank = np.floor(x * planks)
    tone = 1.0 + 0.10 * np.sin(plank * 12.9898 + rng.uniform(0, 9))
    grain = 0.04 * np.sin(x * 160 + 6 * np.sin(y * 5 + plank * 3) + plank * 7)
    groove = np.where(x * planks % 1.0 < 0.03, 0.62, 1.0)
    return np.asarray(_pick(_WOODS, rng) * ((tone + grain) * groove)[..., None], dtype=np.float32)


def textured(side_px: int, rng: Generator) -> Pixels:
    """A rug or a bed sheet; sometimes a bright one, so that colour has to be read off the product."""
    ground = _pick(_WALLS if rng.random() < 0.6 else _FLOORS, rng)
    if rng.random() < 0.35:
        ground = np.asarray(0.35 * ground + 0.65 * rng.uniform(20, 235, 3), dtype=np.float32)
    fine, coarse = rng.uniform(3, 10), rng.uniform(4, 14)
    blots = coarse * _speckle(side_px, max(2, side_px // 7), rng) + fine * _speckle(side_px, 2, rng)
    return ground + blots


SCENES = {
    "white": white,
    "grey": grey,
    "gradient": gradient,
    "room": room,
    "wooden": wooden,
    "textured": textured,
}
