"""One picture to the many squares whose vectors are averaged. Does not know vectors, files or models."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from PIL import Image

from sightline.domain.arrays import UInt8
from sightline.domain.cards import ImageRule
from sightline.domain.errors import SettingsError
from sightline.imaging.preprocess import FILTERS, shortest_edge

Box = tuple[int, int, int, int]


@dataclass(frozen=True)
class CropRule:
    """How one picture becomes several squares.

    multi_scale: use all scale_factors; otherwise 1.0 alone.
    max_dim_px: the longest side a tile is scaled to.
    panorama_max_ratio: a picture with width / height above it is cut into tiles side by side. Tall pictures
    are not:
        the system whose vectors these must match does not either.
    max_tiles: the most tiles, so that a picture at the aspect limit costs 80 forwards instead of 770.
    five_crops: four corners and the centre of each scaled tile; otherwise the centre alone.
    crop_size_px: side of the crops; None takes the tower's own input size.
    """

    multi_scale: bool = True
    scale_factors: tuple[float, ...] = (1.0, 1.35)
    max_dim_px: int = 1536
    panorama_max_ratio: float = 2.6
    max_tiles: int = 8
    five_crops: bool = True
    crop_size_px: int | None = None

    def __post_init__(self) -> None:
        """Raises SettingsError: a number from which no crop can be made."""
        if not self.scale_factors or min(self.scale_factors) <= 0:
            raise SettingsError(f"scale_factors is {self.scale_factors!r}: give one or more numbers above 0.")
        if self.panorama_max_ratio < 1:
            raise SettingsError(f"panorama_max_ratio is {self.panorama_max_ratio!r}: give 1 or more.")
        for name in ("max_dim_px", "max_tiles", "crop_size_px"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise SettingsError(f"{name} is {value!r}: give 1 or more.")

    @property
    def scales(self) -> tuple[float, ...]:
        return self.scale_factors if self.multi_scale else (1.0,)


def count(width: int, height: int, rule: CropRule) -> int:
    """How many squares crops() makes of a picture this large: tiles x scales x (5 or 1)."""
    return _tile_count(width, height, rule) * len(rule.scales) * (5 if rule.five_crops else 1)


def crops(image: Image.Image, rule: CropRule, image_rule: ImageRule) -> UInt8:
    """(C, size_px, size_px, 3) uint8 of an upright RGB picture; C = count().

    Order: tiles left to right; in each the scales as given; in each top left, top right, bottom left, bottom
    right, centre. A tile at scale s has its shorter side at round(crop size * s) and its longer side in
    proportion, but at most max_dim_px, which then also bounds the shorter. Where a side ends up below the
    crop size, as in a tall strip, the crop is the largest square that fits. Crops that are not size_px are
    resized to it with the tower's interpolation. The tower's own way of resizing, squash or shortest_edge,
    plays no part: crops always keep the aspect.
    One tile is held at a time; the result at the default rule and 384 px is at most 80 x 0.44 MB.
    """
    size_px = image_rule.size_px
    result = np.empty((count(*image.size, rule), size_px, size_px, 3), dtype=np.uint8)
    row = 0
    for tile in _tiles(image, rule):
        for scale in rule.scales:
            scaled = tile.resize(_scaled(tile.size, scale, rule, size_px), FILTERS[image_rule.interpolation])
            for box in _boxes(scaled.size, rule, size_px):
                result[row] = _square(scaled, box, image_rule)
                row += 1
    return result  # (C, size_px, size_px, 3)


def _tile_count(width: int, height: int, rule: CropRule) -> int:
    ratio = width / height
    if ratio <= rule.panorama_max_ratio:
        return 1
    return min(math.ceil(ratio / rule.panorama_max_ratio), rule.max_tiles, width)


def _tiles(image: Image.Image, rule: CropRule) -> Iterator[Image.Image]:
    """Adjacent tiles of equal width, to a pixel, that share no pixel and leave none out."""
    tiles = _tile_count(*image.size, rule)
    if tiles == 1:
        yield image
        return
    edges = [round(image.width * tile / tiles) for tile in range(tiles + 1)]
    for left, right in pairwise(edges):
        yield image.crop((left, 0, right, image.height))


def _scaled(size: tuple[int, int], scale: float, rule: CropRule, size_px: int) -> tuple[int, int]:
    edge = round((rule.crop_size_px or size_px) * scale)
    shorter, longer = min(size), max(size)
    edge = max(1, min(edge, rule.max_dim_px * shorter // longer))
    width, height = shortest_edge(size, edge)
    return min(width, rule.max_dim_px), min(height, rule.max_dim_px)


def _boxes(size: tuple[int, int], rule: CropRule, size_px: int) -> list[Box]:
    """Where the crops lie in a scaled tile: corners, then centre, half pixels towards the top left."""
    width, height = size
    side = min(rule.crop_size_px or size_px, width, height)
    right, bottom = width - side, height - side
    corners = [(0, 0), (right, 0), (0, bottom), (right, bottom)] if rule.five_crops else []
    return [(x, y, x + side, y + side) for x, y in [*corners, (right // 2, bottom // 2)]]


def _square(scaled: Image.Image, box: Box, rule: ImageRule) -> UInt8:
    crop = scaled.crop(box)
    if crop.width != rule.size_px:
        crop = crop.resize((rule.size_px, rule.size_px), FILTERS[rule.interpolation])
    return np.asarray(crop)  # (size_px, size_px, 3)
