"""A JPEG's segments: its size, whether it is whole, what its first picture needs. Does not know pixels."""

import re
import struct
from collections.abc import Iterator

from sightline.domain.errors import BrokenImageError, ImageSizeError
from sightline.imaging.formats import exif
from sightline.imaging.formats.essence import Essence, cut_short

_EOI, _SOS, _APP1 = 0xD9, 0xDA, 0xE1
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_ALONE = frozenset([0x01, *range(0xD0, 0xD9)])  # markers without a length: TEM, RST0..7, SOI
_TABLES = _FRAMES | {0xC4, 0xCC, 0xDB, 0xDD}
# JFIF, a part of a colour profile, Adobe's colour transform: how each begins and its least length. Shorter
# ones libjpeg passes over; Pillow refuses the picture. Comments, XMP and MPF (further pictures) are left out.
_NOTES = {0xE0: (b"JFIF\0", 14), 0xE2: (b"ICC_PROFILE\0", 14), 0xEE: (b"Adobe", 12)}
_BETWEEN_SCANS = frozenset([0xC4, 0xCC, 0xDB, 0xDC, 0xDD, 0xFE, *range(0xE0, 0xF0)])
_MARKER = re.compile(rb"\xff[^\x00\xff]")
_MARKER_AMID_PIXELS = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
_MAX_SEGMENTS = 10_000
# Every scan of a progressive JPEG visits every block: 100 empty scans over 50 MP are a few bytes and many
# seconds. Encoders write 4 to 14 scans.
_MAX_SCANNED_PX = 750_000_000
_FREE_SCANS = 3


def size(data: bytes) -> tuple[int, int]:
    """Width and height in pixels, from the frame header."""
    for marker, start, _ in _header(data):
        if marker in _FRAMES:
            height, width = struct.unpack_from(">HH", data, start + 3)
            return width, height
    raise BrokenImageError("The JPEG has no frame header: save the picture again and send that.")


def essence(data: bytes) -> Essence:
    """Tables, colour notes and scans up to the first end-of-image marker; what follows it is ignored.

    Raises BrokenImageError: there is no end-of-image marker, or a marker that cannot stand amid pixels.
    Raises ImageSizeError: so many scans over so many pixels that decoding would take seconds.
    """
    kept, turn, end = [b"\xff\xd8"], exif.UPRIGHT, 0
    for marker, start, end in _header(data):
        body = data[start + 2 : end]
        if marker == _APP1 and body.startswith(b"Exif\0\0") and turn == exif.UPRIGHT:
            turn = exif.orientation(body)
        elif marker in _TABLES or _is_note(marker, body):
            kept.append(bytes([0xFF, marker]) + data[start:end])
        elif marker == _SOS:
            kept.append(b"\xff\xda" + data[start : _end_of_image(data, end)])
    return Essence(b"".join(kept), turn)


def _is_note(marker: int, body: bytes) -> bool:
    start, least = _NOTES.get(marker, (b"", 0))
    return bool(start) and body.startswith(start) and len(body) >= least


def _header(data: bytes) -> Iterator[tuple[int, int, int]]:
    """(marker, start, end) of each segment up to the first scan's; start is at its two length bytes."""
    at = 2
    for _ in range(_MAX_SEGMENTS):
        found = _MARKER.search(data, at)
        if found is None:
            raise cut_short("JPEG", "its picture data")
        marker, at = data[found.end() - 1], found.end()
        if marker in _ALONE:
            continue
        if marker == _EOI:
            raise cut_short("JPEG", "its picture data")
        start, at = at, _segment_end(data, at)
        yield marker, start, at
        if marker == _SOS:
            return
    raise BrokenImageError(f"The JPEG has more than {_MAX_SEGMENTS} segments: save it again and send that.")


def _end_of_image(data: bytes, at: int) -> int:
    """Where the end-of-image marker ends, for scans whose coded data begins at `at`."""
    width, height = size(data)
    scans = 1
    while True:
        found = _MARKER_AMID_PIXELS.search(data, at)
        if found is None:
            raise cut_short("JPEG", "its end-of-image marker")
        marker, at = data[found.end() - 1], found.end()
        if marker == _EOI:
            return at
        if marker == _SOS:
            scans += 1
        elif marker not in _BETWEEN_SCANS:
            raise BrokenImageError("The JPEG is damaged amid its pixels: send the file again.")
        at = _segment_end(data, at)
        if scans > _FREE_SCANS and scans * width * height > _MAX_SCANNED_PX:
            raise ImageSizeError(
                f"The JPEG has {scans} or more scans of {width} x {height} pixels; the limit is "
                f"{_MAX_SCANNED_PX // 1_000_000} million pixels over all scans: save it as a baseline JPEG."
            )


def _segment_end(data: bytes, start: int) -> int:
    if start + 2 > len(data):
        raise cut_short("JPEG", "the end of one of its segments")
    end = start + max(2, int.from_bytes(data[start : start + 2], "big"))
    if end > len(data):
        raise cut_short("JPEG", "the end of one of its segments")
    return end
