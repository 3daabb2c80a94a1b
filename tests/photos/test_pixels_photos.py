"""The same on photographs, which are not in the repository: SIGHTLINE_GOLDEN names their folder."""

import os
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from sightline.domain.cards import ImageRule
from sightline.imaging.decode import decode
from sightline.imaging.preprocess import preprocess
from tests.golden.test_pixels import RULES

PHOTOS = [f"photo_{number}.jpg" for number in range(6)]
SIGLIP_384 = ImageRule(384, "squash", 384, "bicubic", (0.5, 0.5, 0.5), (0.5, 0.5, 0.5))


@pytest.fixture(scope="module")
def pixels() -> Path:
    folder = os.environ.get("SIGHTLINE_GOLDEN")
    if folder is None:
        pytest.fail(
            "SIGHTLINE_GOLDEN is not set: give the folder of reference outputs, the one with pixels/ in it."
        )
    return Path(folder) / "pixels"


@pytest.mark.parametrize("preset", [*RULES, "siglip_384"])
@pytest.mark.parametrize("name", PHOTOS)
def test_pixels_of_a_photo_equal_the_reference(pixels: Path, preset: str, name: str) -> None:
    expected = load_file(pixels / f"{preset}.safetensors")[name]
    ours = preprocess(decode((pixels / "pictures" / name).read_bytes()), RULES.get(preset, SIGLIP_384))
    assert np.array_equal(ours, expected)
