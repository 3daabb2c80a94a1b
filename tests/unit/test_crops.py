"""The squares whose vectors are averaged: how many, from where, and never more than bounded."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from sightline.domain.cards import ImageRule
from sightline.domain.errors import SettingsError
from sightline.imaging.crops import CropRule, count, crops
from tests import pictures

TOWER = ImageRule(32, "squash", 32, "bicubic", (0.5,) * 3, (0.5,) * 3)
ONE = CropRule(multi_scale=False, five_crops=False)


def test_an_ordinary_picture_gives_ten_crops() -> None:
    assert count(640, 480, CropRule()) == 10
    assert crops(pictures.picture((64, 48)), CropRule(), TOWER).shape == (10, 32, 32, 3)


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 400),
    st.integers(1, 400),
    st.builds(
        CropRule,
        multi_scale=st.booleans(),
        scale_factors=st.lists(st.floats(0.1, 2), min_size=1, max_size=3).map(tuple),
        max_dim_px=st.integers(1, 200),
        five_crops=st.booleans(),
        crop_size_px=st.none() | st.integers(1, 60),
    ),
)
def test_the_count_is_known_before_the_pixels_are(width: int, height: int, rule: CropRule) -> None:
    made = crops(Image.new("RGB", (width, height), (9, 8, 7)), rule, TOWER)
    assert made.shape == (count(width, height, rule), 32, 32, 3)
    assert (made == (9, 8, 7)).all()  # every square is filled, and from within the picture


def test_crops_lie_at_the_corners_and_the_centre_in_this_order() -> None:
    image = pictures.picture((48, 40))
    made = crops(
        image, CropRule(multi_scale=False), ImageRule(40, "squash", 40, "bicubic", (0,) * 3, (1,) * 3)
    )
    pixels = np.asarray(image)
    for crop, left in zip(made, (0, 8, 0, 8, 4), strict=True):
        assert (crop == pixels[:, left : left + 40]).all()


def test_vertical_corners_differ_in_an_upright_picture() -> None:
    image = pictures.picture((40, 48))
    made = crops(
        image, CropRule(multi_scale=False), ImageRule(40, "squash", 40, "bicubic", (0,) * 3, (1,) * 3)
    )
    pixels = np.asarray(image)
    for crop, top in zip(made, (0, 0, 8, 8, 4), strict=True):
        assert (crop == pixels[top : top + 40]).all()


def test_a_larger_scale_shows_less_of_the_picture() -> None:
    image = pictures.picture((64, 48))
    rule = CropRule(scale_factors=(1.0, 1.5), five_crops=False)
    near = image.resize((64, 48), Image.Resampling.BICUBIC).crop((16, 8, 48, 40))
    assert (crops(image, rule, TOWER)[1] == np.asarray(near)).all()


@pytest.mark.parametrize(("width", "tiles"), [(260, 1), (261, 2), (520, 2), (521, 3), (5000, 8), (20_000, 8)])
def test_a_panorama_is_cut_into_as_many_tiles_as_its_ratio_needs(width: int, tiles: int) -> None:
    assert count(width, 100, ONE) == tiles


def test_tiles_leave_nothing_out_and_share_nothing() -> None:
    """A stripe of its own grey for each third: every crop has one grey alone."""
    image = Image.fromarray(np.repeat([10, 100, 200], 100).astype(np.uint8)[None].repeat(50, axis=0)).convert(
        "RGB"
    )
    made = crops(image, CropRule(multi_scale=False, panorama_max_ratio=2), TOWER)
    assert (
        [int(crop.min()) for crop in made[::5]] == [int(crop.max()) for crop in made[::5]] == [10, 100, 200]
    )


def test_a_tall_picture_is_not_tiled() -> None:
    assert count(100, 2000, CropRule()) == 10


def test_the_longest_side_is_capped_and_the_crop_fits_what_is_left() -> None:
    """1:8 at a cap of 64 px is 8 px wide: the crop is 8 x 8, enlarged to the tower's 32."""
    image = pictures.picture((50, 400))
    top = image.resize((8, 64), Image.Resampling.BICUBIC).crop((0, 0, 8, 8))
    made = crops(image, CropRule(multi_scale=False, max_dim_px=64), TOWER)
    assert (made[0] == np.asarray(top.resize((32, 32), Image.Resampling.BICUBIC))).all()


def test_a_crop_of_another_size_is_brought_to_the_towers() -> None:
    image = pictures.picture((64, 64))
    made = crops(image, CropRule(multi_scale=False, five_crops=False, crop_size_px=64), TOWER)
    assert (made[0] == np.asarray(image.resize((32, 32), Image.Resampling.BICUBIC))).all()


def test_the_widest_picture_allowed_stays_bounded() -> None:
    assert crops(Image.new("RGB", (16_384, 82)), CropRule(), TOWER).shape == (80, 32, 32, 3)


@pytest.mark.parametrize(
    "numbers",
    [
        {"scale_factors": ()},
        {"scale_factors": (0.0,)},
        {"panorama_max_ratio": 0.5},
        {"max_dim_px": 0},
        {"max_tiles": 0},
        {"crop_size_px": 0},
    ],
)
def test_a_rule_that_makes_no_crop_is_refused_by_name(numbers: dict[str, object]) -> None:
    with pytest.raises(SettingsError, match=next(iter(numbers))):
        CropRule(**numbers)  # type: ignore[arg-type]
