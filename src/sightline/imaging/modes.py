"""Every pixel mode of Pillow to plain RGB on white. Does not know files, colour profiles or orientation."""

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from sightline.domain.arrays import UInt8

_DEEP_GREY = {"I;16", "I;16L", "I;16B", "I;16N", "I", "F"}
_STRAIGHT_ALPHA = {"La": "LA", "RGBa": "RGBA"}  # what a premultiplied mode becomes on its way to RGBA
_16_TO_8_BIT = 257  # 65535 / 255
# Alpha and deep grey are worked off in bands: the copies they need stay small beside the picture.
_BAND_PX = 2_000_000

Levels = Callable[[NDArray[np.float64]], NDArray[np.float64]]


def to_rgb(image: Image.Image) -> Image.Image:
    """A new RGB picture.

    Transparent pixels, of an alpha channel, a palette or a transparent colour: composited on white.
    16-bit grey: divided by 257, as the reference does. Pillow's convert clips it: a 16-bit ramp turns white.
    32-bit grey, integer or float: it has no agreed range, so its own values choose. Float within 0..1 is
    multiplied by 255; within 0..255 it is kept; within 0..65535 divided by 257; anything else is stretched
    from its lowest to its highest value. What is not finite becomes the lowest value.
    CMYK, YCbCr, LAB, HSV, bilevel, grey, palette: Pillow's convert.
    """
    if image.mode in _DEEP_GREY:
        return _from_deep_grey(image)
    if image.has_transparency_data:
        return _on_white(image)
    return image.convert("RGB")


def _bands(size: tuple[int, int]) -> Iterator[tuple[int, int, int, int]]:
    """Boxes of full-width rows, from the top."""
    width, height = size
    rows = max(1, _BAND_PX // width)
    for top in range(0, height, rows):
        yield 0, top, width, min(top + rows, height)


def _on_white(image: Image.Image) -> Image.Image:
    result = Image.new("RGB", image.size)
    for box in _bands(image.size):
        band = image.crop(box)
        band = band.convert(_STRAIGHT_ALPHA.get(band.mode, band.mode)).convert("RGBA")
        white = Image.new("RGBA", band.size, "white")
        result.paste(Image.alpha_composite(white, band).convert("RGB"), box)
    return result


def _from_deep_grey(image: Image.Image) -> Image.Image:
    transparent = image.info.get("transparency")
    levels = _levels(image)
    result = Image.new("RGB", image.size)
    for box in _bands(image.size):
        values = np.asarray(image.crop(box))  # (rows, W)
        grey: UInt8 = levels(values.astype(np.float64)).astype(np.uint8)
        if isinstance(transparent, int):
            grey[values == transparent] = 255
        result.paste(Image.fromarray(grey).convert("RGB"), box)
    return result


def _levels(image: Image.Image) -> Levels:
    """How the values of this picture become 0..255; truncated afterwards, as the reference does."""
    if image.mode not in ("I", "F"):
        return lambda values: values // _16_TO_8_BIT
    low, high = _finite_range(image)
    if low >= 0 and high <= 1 and image.mode == "F":
        factor, floor = 255.0, 0.0
    elif low >= 0 and high <= 255:
        factor, floor = 1.0, 0.0
    elif low >= 0 and high <= 65_535:
        factor, floor = 1 / _16_TO_8_BIT, 0.0
    else:
        factor, floor = (255 / (high - low) if high > low else 0.0), low
    return lambda values: (np.nan_to_num(values, nan=low, posinf=low, neginf=low) - floor) * factor


def _finite_range(image: Image.Image) -> tuple[float, float]:
    """Lowest and highest value that is a number; (0, 0) when none is."""
    low, high = np.inf, -np.inf
    for box in _bands(image.size):
        values = np.asarray(image.crop(box))
        finite = values[np.isfinite(values)]
        if finite.size:
            low, high = min(low, float(finite.min())), max(high, float(finite.max()))
    return (low, high) if low <= high else (0.0, 0.0)
