"""What reading a picture will take, by its header: memory, time. Does not know pixels, or who has room."""

import os
from pathlib import Path

from PIL import Image

from sightline.imaging.decode import ImageSource
from sightline.imaging.formats.table import ACCEPTED, recognise
from sightline.imaging.limits import Limits

_PIL_BYTES_PER_PX = max(kind.bytes_per_px for kind in ACCEPTED)  # not yet decoded, it may be of any format
_ARRAY_BYTES_PER_PX = 7  # a copy in one piece, and Pillow's four bytes

_NS_PER_FILE = 200_000
_NS_PER_ENCODED_BYTE = 20  # entropy coding: nearly all of a PNG's time, a third of a JPEG's
_NS_PER_BYTE_IN_MEMORY = 1


def reading_s(source: ImageSource, limits: Limits = Limits()) -> float:  # noqa: B008  # frozen
    """How long one thread will read a picture, cutting included, before the machine's own speed is known.

    Right within a factor of two for icons and 12 megapixels, flat and noisy, in JPEG, PNG and WebP: a time by
    the file's bytes alone is off by a hundred. For what is no file in memory next to nothing is known.
    """
    if not isinstance(source, bytes):
        return _NS_PER_FILE / 1e9
    in_memory = reading_bytes(source, limits)
    return (_NS_PER_FILE + _NS_PER_ENCODED_BYTE * len(source) + _NS_PER_BYTE_IN_MEMORY * in_memory) / 1e9


def reading_bytes(source: ImageSource, limits: Limits = Limits()) -> int:  # noqa: B008  # frozen
    """The memory that read_image(source, limits) takes at its peak: the file, and what its pixels need.

    0 for what will be refused: nothing of it is unpacked, and read_image has the words. Never raises.
    Takes 1 to 20 us for bytes, an AVIF of many frames 60; a path is read, and read_image reads it again.
    """
    try:
        return _weight(source, limits)
    except Exception:  # noqa: BLE001  # a hostile header; read_image meets it again and says what is wrong
        return 0


def _weight(source: ImageSource, limits: Limits) -> int:
    if isinstance(source, bytes):
        return _of_file(source, limits)
    if isinstance(source, str | os.PathLike):
        path = Path(source)
        return _of_file(path.read_bytes(), limits) if _is_readable(path, limits) else 0
    if isinstance(source, Image.Image):
        return _of_pixels(source.size, _PIL_BYTES_PER_PX, limits)
    height, width, _ = source.shape
    return _of_pixels((width, height), _ARRAY_BYTES_PER_PX, limits)


def _of_file(data: bytes, limits: Limits) -> int:
    limits.check_bytes(len(data))
    kind = recognise(data)
    width, height = kind.size(data)
    limits.check_size(width, height, kind.bytes_per_px)
    return len(data) + width * height * kind.bytes_per_px


def _of_pixels(size: tuple[int, int], bytes_per_px: int, limits: Limits) -> int:
    limits.check_size(*size)
    return size[0] * size[1] * bytes_per_px


def _is_readable(path: Path, limits: Limits) -> bool:
    return path.is_file() and path.stat().st_size <= limits.max_image_bytes
