"""Which function draws which kind, and which kinds may lie flat.

Knows no colours, pixels or words.
"""

from __future__ import annotations

from collections.abc import Callable

from numpy.random import Generator

from drawings import home, wardrobe
from drawings.outline import Part

SHAPES: dict[str, Callable[[Generator], list[Part]]] = {
    "t-shirt": wardrobe.t_shirt,
    "shirt": wardrobe.shirt,
    "longsleeve": wardrobe.longsleeve,
    "jacket": wardrobe.jacket,
    "dress": wardrobe.dress,
    "skirt": wardrobe.skirt,
    "pants": wardrobe.pants,
    "shorts": wardrobe.shorts,
    "hat": wardrobe.hat,
    "shoes": wardrobe.shoes,
    "bag": home.bag,
    "backpack": home.backpack,
    "watch": home.watch,
    "mug": home.mug,
    "bottle": home.bottle,
    "vase": home.vase,
    "chair": home.chair,
    "sofa": home.sofa,
    "table": home.table,
    "lamp": home.lamp,
}

LYING_KINDS = frozenset(kind for kind, shape in SHAPES.items() if shape.__module__ == wardrobe.__name__)
