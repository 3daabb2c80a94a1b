"""What a drawn product is: its kind, colour, pattern and background, and which of each exist.

Knows no shapes, pixels or words: those are in wardrobe, home, paint and captions.
"""

from __future__ import annotations

from dataclasses import dataclass

KINDS = (
    "t-shirt",
    "shirt",
    "longsleeve",
    "jacket",
    "dress",
    "skirt",
    "pants",
    "shorts",
    "hat",
    "shoes",
    "bag",
    "backpack",
    "watch",
    "mug",
    "bottle",
    "vase",
    "chair",
    "sofa",
    "table",
    "lamp",
)

COLOURS = {
    "red": (200, 30, 40),
    "orange": (240, 125, 25),
    "yellow": (245, 210, 45),
    "green": (45, 145, 65),
    "turquoise": (50, 195, 190),
    "blue": (40, 85, 195),
    "purple": (120, 55, 155),
    "pink": (245, 135, 180),
    "brown": (115, 70, 40),
    "grey": (135, 135, 138),
    "black": (32, 32, 36),
    "white": (242, 242, 240),
}

PATTERNS = ("plain", "striped", "checked", "dotted", "floral")

BACKGROUNDS = ("white", "grey", "gradient", "room", "wooden", "textured")


@dataclass(frozen=True, slots=True)
class Product:
    """One thing to draw. Raises ValueError for a word that is not in the lists above."""

    kind: str
    colour: str
    pattern: str = "plain"
    background: str = "white"

    def __post_init__(self) -> None:
        allowed = (
            ("kind", self.kind, KINDS),
            ("colour", self.colour, tuple(COLOURS)),
            ("pattern", self.pattern, PATTERNS),
            ("background", self.background, BACKGROUNDS),
        )
        for name, value, words in allowed:
            if value not in words:
                raise ValueError(f"{name} {value!r} cannot be drawn; choose one of {', '.join(words)}")
