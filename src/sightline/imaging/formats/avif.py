"""An AVIF's boxes: whether it is whole. Does not know pixels, nor sizes: Pillow tells those."""

import struct
from collections.abc import Iterator

from sightline.domain.errors import BrokenImageError
from sightline.imaging.formats.essence import Essence, cut_short

_MAX_BOXES = 10_000


def essence(data: bytes) -> Essence:
    """The file with its EXIF item renamed, so that nobody parses it.

    The orientation of an AVIF is what its irot and imir properties say. Pillow reports them as if they were
    EXIF and overrules the EXIF item, which therefore is of no use here, and of harm when it is a bomb.
    Raises BrokenImageError: a box reaches beyond the end of the file.
    """
    spans: dict[bytes, tuple[int, int]] = {}
    for name, body, end in _boxes(data):
        spans.setdefault(name, (body, end))
    for name in (b"meta", b"moov"):  # a still's items, a sequence's
        body, end = spans.get(name, (0, 0))
        data = data[:body] + data[body:end].replace(b"Exif", b"none") + data[end:]
    return Essence(data, orientation=None)


def _boxes(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """(name, where its body starts, where it ends) of every box at the top level."""
    at = 0
    for _ in range(_MAX_BOXES):
        if at == len(data):
            return
        name, body, at = _box(data, at)
        yield name, body, at
    raise BrokenImageError(f"The AVIF has more than {_MAX_BOXES} boxes: save it again and send that.")


def _box(data: bytes, at: int) -> tuple[bytes, int, int]:
    if at + 8 > len(data):
        raise cut_short("AVIF", "the end of one of its boxes")
    length, name = struct.unpack_from(">I4s", data, at)
    body = at + 8
    if length == 1:  # the length follows as 64 bits
        (length,) = struct.unpack_from(">Q", data, body)
        body += 8
    end = len(data) if length == 0 else at + length  # 0: to the end of the file
    if not body <= end <= len(data):
        raise cut_short("AVIF", "the end of one of its boxes")
    return name, body, end
