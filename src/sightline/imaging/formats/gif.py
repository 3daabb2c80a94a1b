"""A GIF's blocks: its size, whether it is whole, what its first frame needs. Does not know pixels."""

import re
import struct
from collections.abc import Iterator
from itertools import pairwise

from sightline.domain.errors import BrokenImageError
from sightline.imaging.formats.essence import Essence, cut_short

_EXTENSION, _IMAGE, _TRAILER = 0x21, 0x2C, 0x3B
_GRAPHIC_CONTROL = 0xF9
_PADDING = re.compile(rb"\0*")  # some encoders leave zeros between blocks, and every reader skips them
_MAX_BLOCKS = 1_000_000


def size(data: bytes) -> tuple[int, int]:
    """The canvas in pixels, grown to hold the first frame where that is larger, as Pillow does."""
    width, height = struct.unpack_from("<HH", data, 6)
    for kind, start in _blocks(data):
        if kind == _IMAGE:
            left, top, frame_width, frame_height = struct.unpack_from("<4H", data, start + 1)
            return max(width, left + frame_width), max(height, top + frame_height)
    return width, height


def essence(data: bytes) -> Essence:
    """Screen, palette and the first frame. Comments, extensions and later frames never reach the decoder.

    Raises BrokenImageError: the file ends before its trailer, has no frame, or has junk between its blocks.
    """
    screen = data[: _screen_end(data)]
    control = frame = b""
    for (kind, start), (_, end) in pairwise(_blocks(data)):
        if frame:
            continue  # only walked, to see that the file is whole
        if kind == _IMAGE:
            frame = data[start:end]
        elif data[start + 1] == _GRAPHIC_CONTROL:
            control = data[start:end]
    if not frame:
        raise BrokenImageError("The GIF has no frame: save the picture again and send that.")
    return Essence(screen + control + frame + bytes([_TRAILER]))


def _blocks(data: bytes) -> Iterator[tuple[int, int]]:
    """(kind, start) of every block, the trailer last. A block's end is the start of the next."""
    at = _screen_end(data)
    for _ in range(_MAX_BLOCKS):
        at = _PADDING.match(data, at).end()  # type: ignore[union-attr]  # an empty match is a match
        if at >= len(data):
            raise cut_short("GIF", "its trailer")
        kind = data[at]
        yield kind, at
        if kind == _TRAILER:
            return
        if kind == _EXTENSION:
            at = _sub_blocks_end(data, at + 2)
        elif kind == _IMAGE:
            at = _sub_blocks_end(data, at + 10 + _palette_bytes(data, at + 9) + 1)
        else:
            raise BrokenImageError("The GIF is damaged between its blocks: send the file again.")
    raise BrokenImageError(f"The GIF has more than {_MAX_BLOCKS} blocks: save its first frame and send that.")


def _screen_end(data: bytes) -> int:
    return 13 + _palette_bytes(data, 10)


def _palette_bytes(data: bytes, flags_at: int) -> int:
    """Length of the palette that the flags announce: 0, or 3 bytes for each of 2..256 colours."""
    if flags_at >= len(data):
        raise cut_short("GIF", "its first frame")
    flags = data[flags_at]
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


def _sub_blocks_end(data: bytes, at: int) -> int:
    """Just past the empty sub-block that ends a chain of them."""
    try:
        while length := data[at]:
            at += 1 + length
    except IndexError:
        raise cut_short("GIF", "the end of one of its blocks") from None
    return at + 1
