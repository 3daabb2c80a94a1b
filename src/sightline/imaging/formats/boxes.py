"""The boxes of an ISO media file: where each begins and ends. Does not know what any of them means."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from sightline.domain.errors import BrokenImageError
from sightline.imaging.formats.essence import cut_short

# Over the whole file, since boxes lie within boxes. A sequence of pictures has about 30, a grid 6 per tile.
_MAX_BOXES = 10_000
_TO_THE_END, _IN_64_BITS = 0, 1
# Readers differ on which of two would count. Others, such as free room or groups of samples, may repeat.
_SINGLE = {b"meta", b"moov", b"iinf", b"iloc", b"iprp", b"ipco", b"idat"}
_SINGLE |= {b"tkhd", b"mdia", b"minf", b"stbl", b"stsd", b"stsz", b"stco", b"co64"}


@dataclass(frozen=True, slots=True)
class Box:
    """body: where what follows its name begins; end: just past its last byte."""

    name: bytes
    body: int
    end: int


class Boxes:
    """Reads the boxes of one file, and counts them: whoever asks too often is reading a flood."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._left = _MAX_BOXES

    def between(self, start: int, end: int) -> Iterator[Box]:
        """Every box in a stretch that holds nothing else.

        Raises BrokenImageError: one reaches beyond the end, or the file has too many.
        """
        while start < end:
            if not self._left:
                raise BrokenImageError(
                    f"The AVIF has more than {_MAX_BOXES} boxes: save it again and send that."
                )
            self._left -= 1
            box = self._box(start, end)
            yield box
            start = box.end

    def every(self, name: bytes, start: int, end: int) -> list[Box]:
        return [box for box in self.between(start, end) if box.name == name]

    def one_each(self, start: int, end: int) -> dict[bytes, Box]:
        """By name. Raises BrokenImageError: there are two of a kind that must be alone."""
        found: dict[bytes, Box] = {}
        for box in self.between(start, end):
            if box.name in found and box.name in _SINGLE:
                raise BrokenImageError(
                    "The AVIF has two boxes where one belongs: save it again and send that."
                )
            found[box.name] = box
        return found

    def _box(self, at: int, limit: int) -> Box:
        if at + 8 > limit:
            raise cut_short("AVIF", "the end of one of its boxes")
        length, name = struct.unpack_from(">I4s", self._data, at)
        body = at + 8
        if length == _IN_64_BITS:
            (length,) = struct.unpack_from(">Q", self._data, body)
            body += 8
        end = limit if length == _TO_THE_END else at + length
        if not body <= end <= limit:
            raise cut_short("AVIF", "the end of one of its boxes")
        return Box(name, body, end)
