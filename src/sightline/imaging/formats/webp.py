"""A WebP's chunks: its size, whether it is whole, and its orientation. Does not know pixels."""

import struct
from collections.abc import Iterator

from sightline.domain.errors import BrokenImageError
from sightline.imaging.formats import exif
from sightline.imaging.formats.essence import Essence, cut_short

_EXIF_FLAG = 8
_CANVAS_FLAG_BITS = 14  # VP8 and VP8L keep sizes in 14 bits


def size(data: bytes) -> tuple[int, int]:
    """Width and height in pixels, from whichever of the three headers the file has."""
    kind = data[12:16]
    if kind == b"VP8X":
        return 1 + int.from_bytes(data[24:27], "little"), 1 + int.from_bytes(data[27:30], "little")
    if kind == b"VP8L":
        (bits,) = struct.unpack_from("<I", data, 21)
        return 1 + (bits & 0x3FFF), 1 + (bits >> _CANVAS_FLAG_BITS & 0x3FFF)
    if kind == b"VP8 ":
        width, height = struct.unpack_from("<HH", data, 26)
        return width & 0x3FFF, height & 0x3FFF
    raise BrokenImageError(
        "The WebP has no picture in its first chunk: save the picture again and send that."
    )


def essence(data: bytes) -> Essence:
    """The file up to the end its RIFF header names; what follows is ignored.

    Raises BrokenImageError: the file is shorter than its RIFF header says.
    """
    (length,) = struct.unpack_from("<I", data, 4)
    if len(data) < 8 + length:
        raise cut_short("WebP", "the length its header names")
    whole = data[: 8 + length]
    return Essence(whole, _orientation(whole))


def _orientation(data: bytes) -> int:
    return next((exif.orientation(body) for name, body in _chunks(data) if name == b"EXIF"), exif.UPRIGHT)


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    # the simple layouts hold one picture and no notes; without the flag, no reader looks for EXIF
    if data[12:16] != b"VP8X" or not data[20] & _EXIF_FLAG:
        return
    at = 12
    while at + 8 <= len(data):
        name, length = struct.unpack_from("<4sI", data, at)
        if name == b"EXIF":
            yield name, data[at + 8 : at + 8 + length]
        at += 8 + length + (length & 1)
