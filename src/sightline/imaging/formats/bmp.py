"""A BMP's header: its size, and whether its rows are all there. Does not know pixels."""

import struct

from sightline.domain.errors import ImageSizeError
from sightline.imaging.formats.essence import Essence, cut_short

HEADER_LENGTHS = (12, 40, 52, 56, 64, 108, 124)
_OS2, _RAW, _RLE8, _RLE4, _BITFIELDS = 12, 0, 1, 2, 3
# Pillow unpacks run-length coded rows in Python, about 1 us per run: what is larger would take seconds.
_MAX_RLE_BYTES = 2_000_000
_MAX_RLE_PX = 8_000_000


def size(data: bytes) -> tuple[int, int]:
    """Width and height in pixels; rows stored top down have a negative height in the file."""
    if _header_length(data) == _OS2:
        width, height = struct.unpack_from("<HH", data, 18)
        return width, height
    width, height = struct.unpack_from("<ii", data, 18)
    return width, abs(height)


def essence(data: bytes) -> Essence:
    """The file as it is.

    Raises BrokenImageError: rows are missing. Raises ImageSizeError: too large for the run-length decoder.
    """
    width, height = size(data)
    bits, coding = _coding(data)
    if coding in (_RLE8, _RLE4):
        if len(data) > _MAX_RLE_BYTES or width * height > _MAX_RLE_PX:
            raise ImageSizeError(
                f"The run-length coded BMP has {width} x {height} pixels in {len(data)} bytes; the limit is "
                f"{_MAX_RLE_PX // 1_000_000} million pixels in {_MAX_RLE_BYTES} bytes: save it as PNG."
            )
    elif coding in (_RAW, _BITFIELDS):
        (pixels_start,) = struct.unpack_from("<I", data, 10)
        row_bytes = (width * bits + 31) // 32 * 4
        if len(data) < pixels_start + row_bytes * height:
            raise cut_short("BMP", "its last row")
    return Essence(data)


def _header_length(data: bytes) -> int:
    (length,) = struct.unpack_from("<I", data, 14)
    return int(length)


def _coding(data: bytes) -> tuple[int, int]:
    """(bits per pixel, compression)."""
    if _header_length(data) == _OS2:
        return struct.unpack_from("<H", data, 24)[0], _RAW
    bits, coding = struct.unpack_from("<HI", data, 28)
    return bits, coding
