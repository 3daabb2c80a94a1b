"""A TIFF's directories: its size, and whether its pixels are all there. Does not know pixels."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from sightline.domain.errors import BrokenImageError
from sightline.imaging.formats.essence import Essence, cut_short

_WIDTH, _LENGTH, _TILE_WIDTH, _TILE_LENGTH = 256, 257, 322, 323
_PIECES = {273: 279, 324: 325}  # the tag of strip or tile positions -> the tag of their lengths
_OLD_JPEG = range(512, 522)
# Everything that tells a decoder how pixels lie: layout, coding, colour, orientation (274), profile (34675).
# Names, dates, EXIF, GPS, XMP, previews and layers are left out, and so are further pages.
_KEPT = {_WIDTH, _LENGTH, _TILE_WIDTH, _TILE_LENGTH, *_PIECES, *_PIECES.values(), *_OLD_JPEG}
_KEPT |= {258, 259, 262, 266, 274, 277, 278, 284, 292, 293, 317, 320, 332, 338, 339, 347, 529, 530, 531, 532}
_KEPT |= {34675, 50674}
_VERSION, _LONG, _LONG8 = 42, 4, 16
_INTEGERS = {1: "B", 3: "H", 4: "I", 16: "Q"}  # BYTE, SHORT, LONG, LONG8
_VALUE_BYTES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8}
_MAX_ENTRIES = 65_536  # over all pages
# Pillow walks uncompressed pieces in Python, about 10 us each.
_MAX_PIECES = 65_536
_MAX_TILE_PX = 4_194_304  # 2048 x 2048, sixteen times the area of the largest tiles people write


@dataclass(frozen=True)
class _Tag:
    """One directory entry: its own bytes, and how many values of which type it has."""

    raw: bytes
    kind: int
    count: int


@dataclass(frozen=True)
class _Tiff:
    """The file as numbers. A BigTIFF has counts and positions of 64 bits where a TIFF has 32."""

    data: bytes

    @cached_property
    def order(self) -> str:
        return "<" if self.data[:2] == b"II" else ">"

    @cached_property
    def is_big(self) -> bool:
        return 43 in self.data[2:4]

    @cached_property
    def word(self) -> struct.Struct:
        """A count or a position."""
        return struct.Struct(self.order + ("Q" if self.is_big else "I"))

    @cached_property
    def entry_count(self) -> struct.Struct:
        return struct.Struct(self.order + ("Q" if self.is_big else "H"))

    @property
    def first_position(self) -> int:
        """Where the header says where the first directory is."""
        return 8 if self.is_big else 4

    def directories(self) -> Iterator[dict[int, _Tag]]:
        """The tags of every page; of a tag written twice the first counts. A chain that loops ends there."""
        (at,) = self.word.unpack_from(self.data, self.first_position)
        seen, entries = {0}, 0
        while at not in seen:
            seen.add(at)
            if at + self.entry_count.size > len(self.data):
                raise cut_short("TIFF", "one of its directories")
            (count,) = self.entry_count.unpack_from(self.data, at)
            entries += 1 + count  # a page without entries costs as much to walk as an entry
            start, end = at + self.entry_count.size, at + self.entry_count.size + count * self._entry_bytes
            if entries > _MAX_ENTRIES or end + self.word.size > len(self.data):
                raise cut_short("TIFF", "the end of one of its directories")
            yield self._directory(start, end)
            (at,) = self.word.unpack_from(self.data, end)

    def numbers(self, tag: _Tag) -> tuple[int, ...]:
        """The integers of a tag, which holds them itself when they fit, and else their position."""
        if tag.kind not in _INTEGERS or tag.count > _MAX_PIECES:
            raise BrokenImageError(
                f"The TIFF is in {tag.count} pieces; the limit is {_MAX_PIECES}: save it with larger strips."
            )
        form = f"{self.order}{tag.count}{_INTEGERS[tag.kind]}"
        if self.fits(tag):
            return struct.unpack_from(form, tag.raw, len(tag.raw) - self.word.size)
        return struct.unpack_from(form, self.data, self.position(tag))

    def number(self, tags: dict[int, _Tag], tag: int) -> int:
        """The first integer of a tag, 0 where the page lacks it."""
        values = self.numbers(tags[tag]) if tag in tags else ()
        return values[0] if values else 0

    def fits(self, tag: _Tag) -> bool:
        return tag.count * _VALUE_BYTES.get(tag.kind, 0) <= self.word.size

    def values_in_32_bits(self, tag: _Tag) -> tuple[int, bytes]:
        """(type, values) of a tag, which lie within the file, without integers of 64 bits."""
        if tag.kind == _LONG8:
            return _LONG, struct.pack(f"{self.order}{tag.count}I", *self.numbers(tag))
        length = tag.count * _VALUE_BYTES.get(tag.kind, 0)
        if self.fits(tag):
            return tag.kind, tag.raw[-self.word.size :][:length]
        return tag.kind, self.data[self.position(tag) :][:length]

    def position(self, tag: _Tag) -> int:
        """Where the values of a tag that do not fit into it are."""
        (at,) = self.word.unpack_from(tag.raw, len(tag.raw) - self.word.size)
        return int(at)

    @property
    def _entry_bytes(self) -> int:
        return 4 + 2 * self.word.size

    def _directory(self, start: int, end: int) -> dict[int, _Tag]:
        tags: dict[int, _Tag] = {}
        for at in range(start, end, self._entry_bytes):
            tag, kind = struct.unpack_from(self.order + "HH", self.data, at)
            (count,) = self.word.unpack_from(self.data, at + 4)
            tags.setdefault(tag, _Tag(self.data[at : at + self._entry_bytes], kind, count))
        return tags


def size(data: bytes) -> tuple[int, int]:
    """Width and height in pixels of the first page as stored, before the orientation is applied."""
    tiff = _Tiff(data)
    tags = next(tiff.directories(), {})
    return tiff.number(tags, _WIDTH), tiff.number(tags, _LENGTH)


def essence(data: bytes) -> Essence:
    """The first page's pixels behind a new directory, written at the end, of the tags a decoder needs.

    Pillow turns a TIFF upright while loading it, so no orientation is left to apply.
    Raises BrokenImageError: a page, strips or tiles are missing, too many, or far larger than the picture.
    """
    tiff = _Tiff(data)
    pages = tiff.directories()
    first = next(pages, {})
    _check_tiles(tiff, first)
    for page in (first, *pages):  # the others are never decoded, but a file cut within them is a cut file
        _check_values(tiff, page)
        _check_pieces(tiff, page)
    kept = {tag: first[tag] for tag in sorted(first) if tag in _KEPT}
    padding = b"\0" * (len(data) % 2)  # directories begin at even positions
    start = len(data) + len(padding)
    directory = _directory(tiff, kept, start)
    head = data[:2] + struct.pack(tiff.order + "HI", _VERSION, start)
    return Essence(head + data[len(head) :] + padding + directory)


def _directory(tiff: _Tiff, tags: dict[int, _Tag], start: int) -> bytes:
    """The tags as a directory of a TIFF that begins at `start`, and after it what does not fit into an entry.

    Of a BigTIFF too: Pillow 13.0 knows it in little-endian order only.
    """
    outside_at = start + 2 + 12 * len(tags) + 4
    entries, outside = [struct.pack(tiff.order + "H", len(tags))], b""
    for tag, found in tags.items():
        kind, place = found.kind, found.raw[-4:]
        if tiff.is_big:
            kind, place = tiff.values_in_32_bits(found)
            if len(place) > 4:
                outside, place = outside + place, struct.pack(tiff.order + "I", outside_at + len(outside))
            if len(outside) > len(tiff.data):
                raise BrokenImageError("The TIFF has tags that share their values: save it again.")
        entries.append(struct.pack(tiff.order + "HHI", tag, kind, found.count) + place.ljust(4, b"\0"))
    return b"".join([*entries, bytes(4), outside])


def _check_values(tiff: _Tiff, tags: dict[int, _Tag]) -> None:
    """Values kept outside the directory lie within the file."""
    for tag in tags.values():
        if not tiff.fits(tag):
            end = tiff.position(tag) + tag.count * _VALUE_BYTES[tag.kind]
            if end > len(tiff.data):
                raise cut_short("TIFF", "the end of its tags")


def _check_pieces(tiff: _Tiff, tags: dict[int, _Tag]) -> None:
    """Strips or tiles lie within the file."""
    for positions, lengths in _PIECES.items():
        if positions in tags and lengths in tags:
            pieces = zip(tiff.numbers(tags[positions]), tiff.numbers(tags[lengths]), strict=False)
            if max((at + length for at, length in pieces), default=0) > len(tiff.data):
                raise cut_short("TIFF", "the end of its pixels")


def _check_tiles(tiff: _Tiff, tags: dict[int, _Tag]) -> None:
    """A decoder allocates a whole tile at once, however small the picture is."""
    tile_px = tiff.number(tags, _TILE_WIDTH) * tiff.number(tags, _TILE_LENGTH)
    picture_px = tiff.number(tags, _WIDTH) * tiff.number(tags, _LENGTH)
    if tile_px > max(_MAX_TILE_PX, 2 * picture_px):
        raise BrokenImageError(
            f"The TIFF has tiles of {tile_px} pixels; the limit is {_MAX_TILE_PX}: save it with smaller ones."
        )
