"""Preprocessing equals resizing the whole picture and cutting, at a bounded cost."""

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from sightline.domain.arrays import UInt8
from sightline.domain.cards import ImageRule, Interpolation
from sightline.imaging.preprocess import preprocess, shortest_edge
from tests import pictures

FILTERS = {"bicubic": Image.Resampling.BICUBIC, "bilinear": Image.Resampling.BILINEAR}


def rule(size_px: int, resize_px: int | None = None, interpolation: Interpolation = "bicubic") -> ImageRule:
    resize = "squash" if resize_px is None else "shortest_edge"
    return ImageRule(size_px, resize, resize_px or size_px, interpolation, (0.5,) * 3, (0.5,) * 3)


def whole_then_cut(image: Image.Image, how: ImageRule) -> UInt8:
    """The reference's way, written out."""
    short, long = sorted(image.size)
    scaled = (how.resize_px, int(how.resize_px * long / short))
    width, height = scaled if image.width <= image.height else scaled[::-1]
    left, top = (width - how.size_px) // 2, (height - how.size_px) // 2
    resized = image.resize((width, height), FILTERS[how.interpolation])
    return np.asarray(resized.crop((left, top, left + how.size_px, top + how.size_px)))


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 300), st.integers(1, 300), st.sampled_from(["bicubic", "bilinear"]), st.integers(0, 9))
def test_pictures_equal_the_whole_resized_then_cut(
    width: int, height: int, interpolation: Interpolation, margin: int
) -> None:
    how = rule(24, 24 + margin, interpolation)
    image = pictures.picture((width, height))
    apart = pictures.furthest(preprocess(image, how), whole_then_cut(image, how))
    assert apart <= (0 if max(image.size) <= 15 * min(image.size) else 2)


@settings(max_examples=20, deadline=None)
@given(st.integers(800, 3000), st.integers(1, 40), st.booleans())
def test_strips_equal_the_whole_resized_then_cut(long: int, short: int, upright: bool) -> None:
    image = pictures.picture((short, long) if upright else (long, short))
    assert pictures.furthest(preprocess(image, rule(32, 36)), whole_then_cut(image, rule(32, 36))) <= 2


def test_squash_takes_the_whole_picture_whatever_its_aspect() -> None:
    image = pictures.picture((90, 30))
    expected = np.asarray(image.resize((32, 32), Image.Resampling.BICUBIC))
    assert pictures.furthest(preprocess(image, rule(32)), expected) == 0


def test_interpolation_is_the_rules() -> None:
    image = pictures.picture((90, 70))
    assert pictures.furthest(preprocess(image, rule(32)), preprocess(image, rule(32, None, "bilinear"))) > 0


def test_the_longer_side_is_truncated_not_rounded() -> None:
    assert shortest_edge((300, 200), 224) == (336, 224)
    assert shortest_edge((333, 222), 225) == (337, 225)  # 337.5
    assert shortest_edge((200, 399), 224) == (224, 446)  # 446.88
    assert shortest_edge((7, 7), 224) == (224, 224)


def test_one_pixel_becomes_a_square() -> None:
    pixels = preprocess(Image.new("RGB", (1, 1), (1, 2, 3)), rule(224, 256))
    assert pixels.shape == (224, 224, 3)
    assert pixels.dtype == np.uint8
    assert (pixels == (1, 2, 3)).all()


@pytest.mark.parametrize("size", [(16_384, 82), (82, 16_384)])
def test_a_strip_at_the_aspect_limit_takes_under_a_second(size: tuple[int, int]) -> None:
    image = Image.new("RGB", size)
    start = time.monotonic()
    assert preprocess(image, rule(384, 384)).shape == (384, 384, 3)
    assert time.monotonic() - start < 1
