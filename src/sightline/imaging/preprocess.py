"""A picture to the square of pixels a vision tower takes. Does not know files, models or batches."""

import numpy as np
from PIL import Image

from sightline.domain.arrays import UInt8
from sightline.domain.cards import ImageRule, Interpolation

FILTERS: dict[Interpolation, Image.Resampling] = {
    "bicubic": Image.Resampling.BICUBIC,
    "bilinear": Image.Resampling.BILINEAR,
}

# Up to this aspect the whole picture is resized and then cut, as the reference does.
_MAX_PLAIN_ASPECT = 16


def preprocess(image: Image.Image, rule: ImageRule) -> UInt8:
    """(size_px, size_px, 3) uint8, not yet scaled by mean and std, for an upright RGB picture.

    shortest_edge: the shorter side becomes resize_px, the longer int(resize_px * longer / shorter); the
    square is cut at the middle, half pixels towards the top left. squash: both sides become size_px.
    Source: transformers image processors, Pillow back end; equal in every value up to an aspect of 16, and
    to 2 of 255 beyond it.
    """
    if rule.resize == "squash":
        resized = image.resize((rule.size_px, rule.size_px), FILTERS[rule.interpolation])
    else:
        resized = _centre(image, rule)
    return np.asarray(resized)  # (size_px, size_px, 3)


def shortest_edge(size: tuple[int, int], edge_px: int) -> tuple[int, int]:
    """(width, height) with the shorter side scaled to edge_px and the longer truncated to whole pixels."""
    width, height = size
    if width <= height:
        return edge_px, int(edge_px * height / width)
    return int(edge_px * width / height), edge_px


def _centre(image: Image.Image, rule: ImageRule) -> Image.Image:
    """The middle square of the resized picture.

    A strip is scaled and cut along its length, then across, and so never held at its resized size: 16384 x 82
    would become 76725 x 384 to keep 0.5 % of it. Values may differ by 2, for Pillow rounds between its two
    passes and takes them in the order that costs less. Image.resize(box=...) is further off, as its boxes are
    single precision.
    """
    how = FILTERS[rule.interpolation]
    width, height = shortest_edge(image.size, rule.resize_px)
    left, top = (width - rule.size_px) // 2, (height - rule.size_px) // 2
    columns, rows = (left, left + rule.size_px), (top, top + rule.size_px)
    if max(width, height) <= _MAX_PLAIN_ASPECT * rule.resize_px:
        return image.resize((width, height), how).crop((columns[0], rows[0], columns[1], rows[1]))
    if width > height:
        part = image.resize((width, image.height), how).crop((columns[0], 0, columns[1], image.height))
        return part.resize((rule.size_px, height), how).crop((0, rows[0], rule.size_px, rows[1]))
    part = image.resize((image.width, height), how).crop((0, rows[0], image.width, rows[1]))
    return part.resize((width, rule.size_px), how).crop((columns[0], 0, columns[1], rule.size_px))
