"""The samples of a TIFF, read as the file means them where Pillow does not. Knows no directories."""

import numpy as np
from PIL import Image
from PIL.TiffImagePlugin import TiffImageFile

from sightline.domain.errors import BrokenImageError

_BITS, _PHOTOMETRIC, _PLANES = 258, 262, 284
_ZERO_IS_WHITE, _SEPARATE = 0, 2
# libtiff hands out numbers in the order of this machine; Pillow would swap their bytes once more.
_NATIVE = {"F;32BF": "F;32NF", "I;16BS": "I;16NS", "I;32BS": "I;32NS"}


def load(image: TiffImageFile) -> Image.Image:
    """Decode, with what Pillow 13.0 silently gets wrong put right; call it in place of load().

    - Planes of 16 bits, if not compressed, it reads as if they had 8.
    - Big-endian floats and signed integers, if compressed, it swaps twice.
    - Grey of 12 bits comes out within 0..4095 in the mode whose white is 65535.
    - Grey of 16 bits of which 0 is white comes out as a negative.

    Raises BrokenImageError: grey and its alpha are in planes, of which it reads one.
    """
    bits = image.tag_v2.get(_BITS, (1,))[0]
    is_separate = image.tag_v2.get(_PLANES) == _SEPARATE
    if is_separate and image.mode in ("LA", "La"):
        raise BrokenImageError("The TIFF keeps grey and alpha in planes: save it with the two interleaved.")
    deep_plane = f";16{'B' if image.tag_v2.prefix == b'MM' else 'L'}" if is_separate and bits == 16 else ""
    for index, tile in enumerate(image.tile):
        raw, *rest = tile.args if isinstance(tile.args, tuple) else (tile.args,)
        right = _NATIVE.get(raw, raw) if tile.codec_name == "libtiff" else f"{raw}{deep_plane}"
        image.tile[index] = tile._replace(args=(right, *rest))
    image.load()
    is_negative = image.tag_v2.get(_PHOTOMETRIC) == _ZERO_IS_WHITE
    if image.mode.startswith("I;16") and (bits == 12 or is_negative):
        return _grey(image, has_12_bits=bits == 12, is_negative=is_negative)
    return image


def _grey(image: Image.Image, *, has_12_bits: bool, is_negative: bool) -> Image.Image:
    """16 bits, 0 black; worked out in place, since a picture at the limit has 100 MB."""
    values = np.array(image, dtype=np.uint16)  # (H, W)
    if has_12_bits:
        values *= 16
        values += values >> 12  # so that 4095 becomes 65535
    if is_negative:
        np.invert(values, out=values)
    return Image.fromarray(values)
