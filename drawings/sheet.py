"""A contact sheet: many pictures on one page.

Knows nothing of what the pictures show.
"""

from __future__ import annotations

from collections.abc import Sequence

from PIL import Image


def contact_sheet(images: Sequence[Image.Image], columns: int, gap_px: int = 4) -> Image.Image:
    """Lay pictures of equal size in rows, on white."""
    width, height = images[0].size
    rows = -(-len(images) // columns)
    size = (columns * (width + gap_px) - gap_px, rows * (height + gap_px) - gap_px)
    page = Image.new("RGB", size, "white")
    for place, image in enumerate(images):
        row, column = divmod(place, columns)
        page.paste(image, (column * (width + gap_px), row * (height + gap_px)))
    return page
