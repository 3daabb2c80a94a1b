"""Drawing one product, and drawing many.

Knows no shapes or colours itself: it joins shapes, paint, scene and camera.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from PIL import Image

from drawings.camera import photographed, posed
from drawings.paint import painted
from drawings.product import BACKGROUNDS, COLOURS, KINDS, PATTERNS, Product
from drawings.scene import SCENES
from drawings.shapes import LYING_KINDS, SHAPES

SUPERSAMPLING = 2


def draw(product: Product, size_px: int, seed: int) -> Image.Image:
    """Draw one product: RGB, size_px square; the same pixels for the same three arguments."""
    rng = np.random.default_rng((seed, size_px))
    parts = SHAPES[product.kind](rng)
    cutout = painted(parts, product.colour, product.pattern, size_px * SUPERSAMPLING, rng)
    placed = posed(cutout, size_px, rng, lies_flat=product.kind in LYING_KINDS)
    return photographed(placed, SCENES[product.background](size_px, rng), rng)


def products(count: int, seed: int) -> Iterator[Product]:
    """`count` products; half of them plain, all other words equally often."""
    rng = np.random.default_rng(seed)
    colours = tuple(COLOURS)
    for _ in range(count):
        pattern = "plain" if rng.random() < 0.5 else str(rng.choice(PATTERNS[1:]))
        yield Product(str(rng.choice(KINDS)), str(rng.choice(colours)), pattern, str(rng.choice(BACKGROUNDS)))


def catalogue(count: int, seed: int, size_px: int = 224) -> Iterator[tuple[Product, Image.Image]]:
    """`count` different drawings, one at a time."""
    for number, product in enumerate(products(count, seed)):
        yield product, draw(product, size_px, seed * 1_000_003 + number)
