"""Pixels after decoding, resizing and cutting equal those of the reference library, in every value.

pixels/*.png hold what the reference made of pixels/pictures/, one square below the other, by name.
"""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sightline.domain.cards import ImageRule
from sightline.imaging.decode import decode
from sightline.imaging.preprocess import preprocess

FOLDER = Path(__file__).parent / "pixels"
NAMES = sorted(path.name for path in (FOLDER / "pictures").iterdir())
_ANY = ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
RULES = {
    "clip_224": ImageRule(224, "shortest_edge", 224, "bicubic", *_ANY),
    "siglip_224": ImageRule(224, "squash", 224, "bicubic", *_ANY),
    "dinov2_224": ImageRule(224, "shortest_edge", 256, "bicubic", *_ANY),
}


def test_all_nineteen_pictures_are_here() -> None:
    assert len(NAMES) == 19


@pytest.mark.parametrize("preset", RULES)
@pytest.mark.parametrize("name", NAMES)
def test_pixels_equal_the_reference(preset: str, name: str) -> None:
    squares = np.asarray(Image.open(FOLDER / f"{preset}.png")).reshape(len(NAMES), 224, 224, 3)
    ours = preprocess(decode((FOLDER / "pictures" / name).read_bytes()), RULES[preset])
    assert np.array_equal(ours, squares[NAMES.index(name)])
