"""Every mode becomes RGB by a rule that a person would accept."""

import struct

import numpy as np
import pytest
from PIL import Image

from sightline.domain.arrays import UInt8
from sightline.imaging.decode import decode, read_image
from sightline.imaging.modes import to_rgb
from tests import pictures


def _on_white(values: UInt8, alpha: UInt8) -> UInt8:
    """(H, W, 3) and (H, W) -> (H, W, 3)."""
    share = alpha[..., None] / 255
    return np.rint(values * share + 255 * (1 - share)).astype(np.uint8)


def _packed(values: np.ndarray, depth: int) -> bytes:
    """(H, N) samples as PNG rows without filter."""
    if depth == 16:
        return b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)
    bits = (values[..., None] >> np.arange(depth - 1, -1, -1) & 1).reshape(len(values), -1)
    return b"".join(b"\0" + np.packbits(row).tobytes() for row in bits.astype(np.uint8))


@pytest.mark.parametrize(
    "mode", ["1", "L", "P", "RGB", "CMYK", "YCbCr", "LAB", "HSV", "RGBX", "LA", "La", "PA", "RGBA", "RGBa"]
)
def test_every_mode_becomes_rgb(mode: str) -> None:
    image = to_rgb(Image.new(mode, (5, 4)))
    assert (image.mode, image.size) == ("RGB", (5, 4))


def test_alpha_is_composited_on_white() -> None:
    image = pictures.see_through()
    values = np.asarray(image)
    expected = _on_white(values[..., :3], values[..., 3])
    for kind in ("PNG", "TIFF"):
        assert pictures.furthest(decode(pictures.saved(image, kind)), expected) <= 1
    lossless = pictures.saved(image, "WEBP", lossless=True, exact=True)
    assert pictures.furthest(decode(lossless), expected) <= 1


def test_colour_hidden_under_full_transparency_does_not_show() -> None:
    for mode in ("RGBA", "LA"):
        hidden = Image.new("RGBA", (9, 9), (200, 0, 0, 0)).convert(mode)
        assert np.asarray(to_rgb(hidden)).min() == 255


def test_bands_join_without_a_seam() -> None:
    """Alpha is worked off two megapixels at a time: this picture takes three bands."""
    image = Image.new("RGBA", (1000, 5000))
    image.putalpha(Image.linear_gradient("L").resize((1000, 5000)))
    assert pictures.furthest(to_rgb(image), 255 - np.asarray(image)[..., 3:].repeat(3, axis=2)) <= 1


@pytest.mark.parametrize("depth", [1, 2, 4, 8])
def test_a_palette_with_transparency_is_composited(depth: int) -> None:
    dice = np.random.default_rng(depth)
    palette = dice.integers(0, 256, (2**depth, 3), dtype=np.uint8)
    alpha = dice.integers(0, 256, 2**depth, dtype=np.uint8)
    values = dice.integers(0, 2**depth, (7, 11))
    extra = pictures.chunk(b"PLTE", palette.tobytes()) + pictures.chunk(b"tRNS", alpha.tobytes())
    image = decode(pictures.png_of((11, 7), (depth, 3), _packed(values, depth), extra))
    assert pictures.furthest(image, _on_white(palette[values], alpha[values])) <= 1


@pytest.mark.parametrize("depth", [1, 2, 4, 8, 16])
def test_a_transparent_grey_is_white_at_every_depth(depth: int) -> None:
    values = np.random.default_rng(depth).integers(0, 2**depth, (7, 11))
    clear = int(values[3, 3])
    extra = pictures.chunk(b"tRNS", struct.pack(">H", clear))
    image = decode(pictures.png_of((11, 7), (depth, 0), _packed(values, depth), extra))
    grey = values // 257 if depth == 16 else values * 255 // (2**depth - 1)
    expected = np.where(values == clear, 255, grey).astype(np.uint8)
    assert pictures.furthest(image, expected[..., None].repeat(3, axis=2)) == 0


@pytest.mark.parametrize("depth", [8, 16])
def test_a_transparent_colour_is_white_at_every_depth(depth: int) -> None:
    values = np.random.default_rng(depth).integers(0, 2**depth, (7, 11, 3))
    extra = pictures.chunk(b"tRNS", struct.pack(">3H", *values[3, 3].tolist()))
    image = np.asarray(
        decode(pictures.png_of((11, 7), (depth, 2), _packed(values.reshape(7, 33), depth), extra))
    )
    assert image[3, 3].tolist() == [255, 255, 255]
    others = np.delete(image.reshape(-1, 3), 3 * 11 + 3, axis=0)
    assert pictures.furthest(others, np.delete((values >> depth - 8).reshape(-1, 3), 3 * 11 + 3, axis=0)) == 0


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_16_bit_grey_is_divided_by_257_not_clipped(kind: str) -> None:
    grey = pictures.deep_grey()
    expected = (np.asarray(grey) // 257).astype(np.uint8)[..., None].repeat(3, axis=2)
    assert pictures.furthest(decode(pictures.saved(grey, kind)), expected) == 0


def test_big_endian_16_bit_grey_is_the_same_picture() -> None:
    tags = pictures.grey_tiff_tags((4, 4), 16)
    values = np.arange(16) * 4000
    little = decode(pictures.tiff(tags, values.astype("<u2").tobytes(), "<"))
    big = decode(pictures.tiff(tags, values.astype(">u2").tobytes(), ">"))
    assert pictures.furthest(little, big) == 0
    assert np.asarray(little)[3, 3].tolist() == [60_000 // 257] * 3


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0.0, 0.5, 1.0], [0, 127, 255]),
        ([0.0, 100.4, 255.0], [0, 100, 255]),
        ([0.0, 25_700.0, 65_535.0], [0, 100, 255]),
        ([-1.0, 0.0, 1.0], [0, 127, 255]),
        ([np.nan, 0.0, 1.0], [0, 0, 255]),
        ([np.inf, 0.0, 1.0], [0, 0, 255]),
        ([np.nan, np.nan, np.nan], [0, 0, 0]),
        ([7e9, 7e9, 7e9], [0, 0, 0]),
    ],
)
def test_float_grey_takes_its_range_from_its_values(values: list[float], expected: list[int]) -> None:
    image = to_rgb(Image.fromarray(np.array([values], dtype=np.float32)))
    assert np.asarray(image)[0, :, 1].tolist() == expected


@pytest.mark.parametrize(
    ("values", "expected"),
    [([0, 1, 255], [0, 1, 255]), ([0, 25_700, 65_535], [0, 100, 255]), ([-5, 0, 5], [0, 127, 255])],
)
def test_integer_grey_takes_its_range_from_its_values(values: list[int], expected: list[int]) -> None:
    image = to_rgb(Image.fromarray(np.array([values], dtype=np.int32)))
    assert np.asarray(image)[0, :, 1].tolist() == expected


def test_cmyk_is_the_same_picture() -> None:
    image = pictures.picture()
    for file in (
        pictures.saved(image.convert("CMYK"), "TIFF"),
        pictures.saved(image.convert("CMYK"), "JPEG"),
    ):
        assert np.abs(np.asarray(decode(file), float) - np.asarray(image, float)).mean() < 4


@pytest.mark.parametrize("primaries", [pictures.P3, pictures.PROPHOTO])
def test_a_wide_gamut_picture_is_turned_to_srgb(primaries: tuple[tuple[float, float, float], ...]) -> None:
    image = Image.new("RGB", (9, 9), (150, 100, 90))
    tagged = decode(pictures.saved(image, "PNG", icc_profile=pictures.profile(primaries)))
    red, _, _ = np.asarray(tagged)[4, 4]
    assert red > 155  # the same numbers mean a stronger red there
    for kind in ("JPEG", "WEBP", "TIFF"):
        other = decode(pictures.saved(image, kind, icc_profile=pictures.profile(primaries)))
        assert pictures.furthest(other, tagged) <= 4


def test_a_profile_that_is_nearly_srgb_changes_no_pixel() -> None:
    srgb = pictures.profile(((0.4361, 0.2225, 0.0139), (0.3851, 0.7169, 0.0971), (0.1431, 0.0606, 0.705)))
    image = pictures.picture()
    assert pictures.furthest(decode(pictures.saved(image, "PNG", icc_profile=srgb)), image) == 0


@pytest.mark.parametrize(
    "broken", [b"junk" * 99, bytes(128), pictures.profile(pictures.P3)[:400], bytes(5 * 10**6)]
)
def test_a_broken_profile_is_ignored(broken: bytes) -> None:
    image = pictures.picture()
    for kind in ("PNG", "TIFF"):
        assert pictures.furthest(decode(pictures.saved(image, kind, icc_profile=broken)), image) == 0


def test_a_profile_of_other_inks_is_ignored() -> None:
    grey = pictures.picture().convert("L")
    tagged = decode(pictures.saved(grey, "PNG", icc_profile=pictures.profile(pictures.P3)))
    assert pictures.furthest(tagged, grey.convert("RGB")) == 0


def test_a_pil_image_follows_the_same_rules() -> None:
    assert np.asarray(read_image(Image.new("RGBA", (3, 3)))).min() == 255
    assert (
        pictures.furthest(
            read_image(pictures.deep_grey()), decode(pictures.saved(pictures.deep_grey(), "PNG"))
        )
        == 0
    )
