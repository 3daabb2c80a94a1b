"""Product pictures drawn by code: seeded, with true captions, free to give away.

Knows nothing of models, vectors or the rest of Sightline.
"""

from drawings.captions import Caption, captions, sayings
from drawings.catalogue import catalogue, draw, products
from drawings.product import BACKGROUNDS, COLOURS, KINDS, PATTERNS, Product
from drawings.sheet import contact_sheet

__all__ = [
    "BACKGROUNDS",
    "COLOURS",
    "KINDS",
    "PATTERNS",
    "Caption",
    "Product",
    "captions",
    "catalogue",
    "contact_sheet",
    "draw",
    "products",
    "sayings",
]
