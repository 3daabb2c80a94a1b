"""Where an AVIF keeps its pictures, what sizes its boxes name, what sizes their frames have. Knows no limits.

Everything a decoder might follow is read, not only what it will: items nobody refers to, tracks nobody plays.
Source: ISO/IEC 14496-12 (boxes), 23008-12 (items, grids), AV1 Image File Format.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from sightline.domain.errors import BrokenImageError
from sightline.imaging.formats.av1 import FrameReader, Size
from sightline.imaging.formats.boxes import Box, Boxes
from sightline.imaging.formats.essence import cut_short

_IN_FILE, _IN_IDAT = 0, 1  # where the bytes of an item are counted from
_MAX_EXTENTS = 10_000  # a picture has one, or a few when it was recorded in pieces

Extent = tuple[int, int]  # where it starts in the file, where it ends


@dataclass(frozen=True, slots=True)
class Sizes:
    """named: by boxes, to be shown; coded: of the frames that make them up."""

    named: list[Size]
    coded: list[Size]


def sources(data: bytes) -> list[Sizes]:
    """What a decoder may choose from: the items of a still, the tracks of a sequence.

    Raises BrokenImageError, struct.error and IndexError: the file is damaged, or built to take long to read.
    """
    boxes, pieces = Boxes(data), _Pieces(data)
    found = boxes.one_each(0, len(data))
    sizes = [_of_items(boxes, found[b"meta"], pieces)] if b"meta" in found else []
    if moov := found.get(b"moov"):
        tracks = boxes.every(b"trak", moov.body, moov.end)
        sizes += [_of_track(boxes, track, pieces) for track in tracks]
    return sizes


class _Pieces:
    """Bytes of pictures, and the sizes of the frames in them; the same bytes are read only once."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self._frames = FrameReader()
        self._seen: dict[tuple[Extent, ...], list[Size]] = {}
        self._left = 2 * len(data)  # a sequence may have its first picture as an item too, nearly the same

    def coded(self, extents: list[Extent]) -> list[Size]:
        """Sizes of the frames in a picture. Pictures may share all their bytes, as plain tiles do.

        Raises BrokenImageError: they overlap, which only an attack on the reader's time does.
        """
        key = tuple(extents)
        if key not in self._seen:
            self._left -= sum(end - start for start, end in extents)
            if self._left < 0:
                raise BrokenImageError("The AVIF has pictures that overlap: save it again and send that.")
            self._seen[key] = self._frames.sizes(self.joined(extents))
        return self._seen[key]

    def joined(self, extents: list[Extent]) -> memoryview:
        view = memoryview(self.data)
        if max((end for _, end in extents), default=0) > len(view):
            raise cut_short("AVIF", "the end of its picture")
        if len(extents) == 1:
            return view[slice(*extents[0])]
        return memoryview(b"".join(view[start:end] for start, end in extents))


def _of_items(boxes: Boxes, meta: Box, pieces: _Pieces) -> Sizes:
    """All coded items of a meta box, and grids made of them."""
    data, held = pieces.data, boxes.one_each(meta.body + 4, meta.end)
    if not {b"iinf", b"iloc", b"iprp"} <= held.keys():
        raise BrokenImageError("The AVIF does not say where its picture is: save it again and send that.")
    kinds = set(_item_kinds(data, boxes, held[b"iinf"]))
    properties = boxes.one_each(held[b"iprp"].body, held[b"iprp"].end)
    ipco = properties.get(b"ipco", Box(b"ipco", 0, 0))
    shown = boxes.every(b"ispe", ipco.body, ipco.end)
    sizes = Sizes([struct.unpack_from(">II", data, ispe.body + 4) for ispe in shown], [])
    for item, extents in _locations(data, held):
        if (item, b"grid") in kinds:
            sizes.named.append(_grid_size(data, extents))
        if (item, b"av01") in kinds:
            sizes.coded.extend(pieces.coded(extents))
    return sizes


def _of_track(boxes: Boxes, track: Box, pieces: _Pieces) -> Sizes:
    """The first sample of a track, by which a sequence is shown; no sizes for what is not AV1."""
    data, held = pieces.data, boxes.one_each(track.body, track.end)
    table = _nested(boxes, held, b"mdia", b"minf", b"stbl")
    if not {b"stsd", b"stsz"} <= table.keys() or b"tkhd" not in held:
        return Sizes([], [])
    kinds = boxes.every(b"av01", table[b"stsd"].body + 8, table[b"stsd"].end)
    if not kinds:
        return Sizes([], [])
    length = _first_sample_bytes(data, table[b"stsz"])
    coded = [size for start in _first_chunks(data, table) for size in pieces.coded([(start, start + length)])]
    named = [struct.unpack_from(">HH", data, kind.body + 24) for kind in kinds]
    return Sizes([*named, _shown_size(data, held[b"tkhd"])], coded)


class _Fields:
    """Numbers of whole bytes, one after the other, of a box."""

    def __init__(self, data: bytes, box: Box) -> None:
        self._data, self._at, self._end = data, box.body, box.end

    def take(self, length: int) -> int:
        start, self._at = self._at, self._at + length
        if self._at > self._end:
            raise cut_short("AVIF", "the end of one of its boxes")
        return int.from_bytes(self._data[start : self._at], "big")


def _item_kinds(data: bytes, boxes: Boxes, iinf: Box) -> Iterator[tuple[int, bytes]]:
    """(item's number, its type)."""
    count_bytes = 4 if data[iinf.body] else 2
    for entry in boxes.every(b"infe", iinf.body + 4 + count_bytes, iinf.end):
        fields = _Fields(data, entry)
        version = fields.take(4) >> 24
        item = fields.take(4 if version > 2 else 2)
        fields.take(2)  # protection
        yield item, fields.take(4).to_bytes(4, "big")


def _locations(data: bytes, held: dict[bytes, Box]) -> Iterator[tuple[int, list[Extent]]]:
    """(item's number, where its bytes are in the file), for items that have any."""
    fields = _Fields(data, held[b"iloc"])
    version = fields.take(4) >> 24
    widths = fields.take(2)  # of an offset, a length, a base and an index, in bytes
    offset_bytes, length_bytes, base_bytes, index_bytes = (widths >> shift & 15 for shift in (12, 8, 4, 0))
    left = _MAX_EXTENTS
    for _ in range(fields.take(4 if version > 1 else 2)):
        item = fields.take(4 if version > 1 else 2)
        method = fields.take(2) & 15 if version else _IN_FILE
        fields.take(2)  # which file; there is one
        base = fields.take(base_bytes)
        if method == _IN_IDAT and b"idat" in held:
            base += held[b"idat"].body
        count = fields.take(2)
        left -= 1 + count
        if left < 0:
            raise BrokenImageError(f"The AVIF is in more than {_MAX_EXTENTS} pieces: save it again.")
        extents = []
        for _ in range(count):
            fields.take(index_bytes if version else 0)
            start = base + fields.take(offset_bytes)
            extents.append((start, start + fields.take(length_bytes)))
        yield item, [extent for extent in extents if extent[0] < extent[1]]


def _grid_size(data: bytes, extents: list[Extent]) -> Size:
    """What a grid of tiles comes to, by its own words: at most 12 bytes, of which some may lie elsewhere."""
    words = b"".join(data[start : min(end, start + 12)] for start, end in extents[:12])
    width, height = struct.unpack_from(">II" if words[1] & 1 else ">HH", words, 4)
    return width, height


def _nested(boxes: Boxes, held: dict[bytes, Box], *path: bytes) -> dict[bytes, Box]:
    for name in path:
        if name not in held:
            return {}
        held = boxes.one_each(held[name].body, held[name].end)
    return held


def _shown_size(data: bytes, tkhd: Box) -> Size:
    """In whole pixels; the file has 16 bits of fractions."""
    width, height = struct.unpack_from(">H2xH2x", data, tkhd.body + (88 if data[tkhd.body] else 76))
    return width, height


def _first_chunks(data: bytes, table: dict[bytes, Box]) -> Iterator[int]:
    for name, offset_bytes in ((b"stco", 4), (b"co64", 8)):
        if name in table:
            fields = _Fields(data, table[name])
            fields.take(4)
            if fields.take(4):
                yield fields.take(offset_bytes)


def _first_sample_bytes(data: bytes, stsz: Box) -> int:
    fields = _Fields(data, stsz)
    fields.take(4)
    of_all, count = fields.take(4), fields.take(4)
    return of_all or (fields.take(4) if count else 0)
