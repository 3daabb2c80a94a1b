"""Bytes, files, PIL images and arrays to upright RGB pictures, under limits. Knows no models, no URLs."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from traceback import clear_frames

import numpy as np
from PIL import Image

from sightline.domain.arrays import UInt8
from sightline.domain.errors import BrokenImageError, ImageSizeError, InvalidRequestError, SightlineError
from sightline.imaging.formats import exif
from sightline.imaging.formats.table import Format, recognise
from sightline.imaging.limits import Limits
from sightline.imaging.modes import to_rgb
from sightline.imaging.profiles import to_srgb

__all__ = ["ImageSource", "Limits", "decode", "read_image"]

ImageSource = bytes | str | os.PathLike[str] | Image.Image | UInt8

_ORIENTATION_TAG = 0x0112
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
# Modes whose profile describes other inks than red, green and blue, or that Pillow has already turned to
# sRGB.
_NOT_RGB_INKS = {"1", "L", "LA", "La", "CMYK", "LAB", "I", "F", "I;16", "I;16B", "I;16L", "I;16N"}


def decode(data: bytes, limits: Limits = Limits()) -> Image.Image:  # noqa: B008  # frozen
    """The first picture of a file: mode RGB, upright, transparent parts on white, wide-gamut colours in sRGB.

    The order is the defence: bytes, format by magic, size by header, the file reduced to what its first
    picture needs (formats/), and only then Pillow. A thread cannot be killed: a decoder that hangs holds its
    thread until decoding moves into killable workers; what is known to be slow is refused up front. Safe to
    call from many threads. Raises ImageError and nothing else; never a decoder's own words.
    """
    limits.check_bytes(len(data))
    kind = recognise(data)
    with _own_words(kind.name):
        limits.check_size(*kind.size(data), kind.bytes_per_px)
        return _decode(data, kind, limits)


def _decode(data: bytes, kind: Format, limits: Limits) -> Image.Image:
    essence = kind.essence(data)
    with kind.plugin(BytesIO(essence.data)) as image:
        limits.check_size(*image.size, kind.bytes_per_px)
        pixels = kind.load(image)
        turn = essence.orientation
        if turn is None:
            turn = image.getexif().get(_ORIENTATION_TAG, exif.UPRIGHT)
        return _upright(_plain(pixels), turn)


def read_image(source: ImageSource, limits: Limits = Limits()) -> Image.Image:  # noqa: B008  # frozen
    """What decode() returns, from whatever a library's caller holds.

    bytes are a file's contents; str and PathLike name a local file, so they must never come from a request;
    a PIL image is taken at its current frame; an array is (H, W, 3) uint8 RGB.
    Raises ImageError, and InvalidRequestError: a source of another type, shape or dtype, or a file that is
    not there.
    """
    if isinstance(source, bytes):
        return decode(source, limits)
    if isinstance(source, str | os.PathLike):
        return decode(_file_contents(Path(source), limits), limits)
    if isinstance(source, Image.Image):
        return _from_pil(source, limits)
    if isinstance(source, np.ndarray):
        return _from_array(source, limits)
    raise InvalidRequestError(
        f"A picture cannot be read from {type(source).__name__}: give bytes, a path, a PIL image or an array."
    )


def _file_contents(path: Path, limits: Limits) -> bytes:
    """At most one byte more than the limit, which is enough to refuse the file."""
    if not path.is_file():  # also keeps us from waiting on a pipe or a device
        raise InvalidRequestError(f"There is no file {str(path)!r}: give the path of a picture.")
    try:
        with path.open("rb") as file:
            return file.read(limits.max_image_bytes + 1)
    except OSError as exc:
        raise InvalidRequestError(f"The file {str(path)!r} cannot be read: check who may read it.") from exc


def _from_pil(image: Image.Image, limits: Limits) -> Image.Image:
    limits.check_size(*image.size)
    with _own_words("picture"):
        image.load()
        return _upright(_plain(image), image.getexif().get(_ORIENTATION_TAG, exif.UPRIGHT))


def _from_array(array: UInt8, limits: Limits) -> Image.Image:
    if array.dtype != np.uint8 or array.ndim != 3 or array.shape[2] != 3:
        raise InvalidRequestError(
            f"The array is {array.dtype} of shape {array.shape}: give uint8 of (height, width, 3), RGB."
        )
    limits.check_size(array.shape[1], array.shape[0])
    return Image.fromarray(np.ascontiguousarray(array))


def _plain(image: Image.Image) -> Image.Image:
    profile = None if image.mode in _NOT_RGB_INKS else image.info.get("icc_profile")
    return to_srgb(to_rgb(image), profile)


def _upright(image: Image.Image, orientation: int) -> Image.Image:
    return image.transpose(_TURNS[orientation]) if orientation in _TURNS else image


@contextmanager
def _own_words(name: str) -> Iterator[None]:
    """Whatever a decoder raises becomes our error: it saw hostile bytes, and its text may quote addresses.

    An error lives until it is answered, and by its traceback so would the decoder: 150 MB of a failed WebP.
    """
    try:
        yield
    except SightlineError as exc:
        clear_frames(exc.__traceback__)
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as exc:
        clear_frames(exc.__traceback__)
        raise ImageSizeError(f"The {name} unpacks to too many pixels: scale it down.") from exc
    except Exception as exc:
        clear_frames(exc.__traceback__)
        raise BrokenImageError(
            f"The {name} is damaged, or of a kind that cannot be read: save it anew and send that."
        ) from exc
