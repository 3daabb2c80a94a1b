"""Drawings are repeatable, complete, and their captions are true."""

import numpy as np
import pytest
from PIL import Image

from drawings import (
    BACKGROUNDS,
    COLOURS,
    KINDS,
    PATTERNS,
    Product,
    captions,
    catalogue,
    contact_sheet,
    draw,
    sayings,
)

SIZE_PX = 48


def pixels(image: Image.Image) -> np.ndarray:
    return np.asarray(image, dtype=np.int16)


def test_same_seed_draws_the_same_pixels() -> None:
    product = Product("mug", "blue", "striped", "room")
    assert np.array_equal(pixels(draw(product, SIZE_PX, 7)), pixels(draw(product, SIZE_PX, 7)))


def test_different_seeds_draw_different_pixels() -> None:
    product = Product("dress", "red")
    assert not np.array_equal(pixels(draw(product, SIZE_PX, 1)), pixels(draw(product, SIZE_PX, 2)))


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_draws_in_every_colour(kind: str) -> None:
    for number, colour in enumerate(COLOURS):
        image = draw(Product(kind, colour), SIZE_PX, number)
        assert image.mode == "RGB"
        assert image.size == (SIZE_PX, SIZE_PX)
        assert pixels(image).std() > 3, "an empty page"


@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize("background", BACKGROUNDS)
def test_every_pattern_draws_before_every_background(pattern: str, background: str) -> None:
    image = draw(Product("shirt", "green", pattern, background), SIZE_PX, 3)
    assert pixels(image).std() > 3


@pytest.mark.parametrize("colour", COLOURS)
def test_the_middle_of_a_plain_sofa_has_its_colour(colour: str) -> None:
    """The word must be what is seen, also after shading, light and grain: the nearest named colour wins."""
    middle = pixels(draw(Product("sofa", colour), 96, 5))[44:52, 30:66].reshape(-1, 3).mean(0)
    nearest = min(COLOURS, key=lambda name: float(np.linalg.norm(middle - np.array(COLOURS[name]))))
    assert nearest == colour


def test_a_pattern_changes_the_picture() -> None:
    plain, striped = (draw(Product("t-shirt", "blue", pattern), SIZE_PX, 4) for pattern in PATTERNS[:2])
    assert np.abs(pixels(plain) - pixels(striped)).max() > 60


@pytest.mark.parametrize(
    "words", [("car", "red"), ("mug", "mauve"), ("mug", "red", "zigzag"), ("mug", "red", "plain", "moon")]
)
def test_a_word_that_cannot_be_drawn_is_refused_by_name(words: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="cannot be drawn; choose one of"):
        Product(*words)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("colour", COLOURS)
def test_captions_name_colour_and_kind(kind: str, colour: str) -> None:
    assert f"{colour} {kind}" in captions(Product(kind, colour))


def test_captions_say_what_people_type() -> None:
    found = captions(Product("pants", "grey", "checked", "wooden"))
    assert {"gray trousers", "checked pants", "a photo of some grey pants on a wooden floor"} <= set(found)
    assert len(found) == len(set(found))


def test_captions_of_another_product_do_not_fit() -> None:
    red, blue = Product("dress", "red"), Product("dress", "blue")
    fitting = [saying.text for saying in sayings(red) if saying.fits(blue)]
    assert "a dress" in fitting
    assert not any("red" in text.split() for text in fitting)


def test_a_catalogue_repeats_itself_and_varies_its_products() -> None:
    first, second = list(catalogue(40, 11, SIZE_PX)), list(catalogue(40, 11, SIZE_PX))
    assert [product for product, _ in first] == [product for product, _ in second]
    assert all(np.array_equal(pixels(a), pixels(b)) for (_, a), (_, b) in zip(first, second, strict=True))
    assert len({product for product, _ in first}) > 30


def test_a_contact_sheet_holds_every_picture() -> None:
    images = [Image.new("RGB", (10, 10), "red")] * 5
    sheet = contact_sheet(images, columns=3, gap_px=2)
    assert sheet.size == (34, 22)
    assert pixels(sheet).reshape(-1, 3).min(1).tolist().count(0) == 500
