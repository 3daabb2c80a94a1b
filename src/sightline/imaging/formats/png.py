"""A PNG's chunks: its size, whether it is whole, what its first picture needs. Does not know pixels."""

import struct
import zlib
from collections.abc import Iterator

from sightline.domain.errors import BrokenImageError
from sightline.imaging.formats import exif
from sightline.imaging.formats.essence import Essence, cut_short

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_GREY, _RGB = 0, 2
_MAX_CHUNKS = 65_536  # PngSuite has pictures with one IDAT per byte, so not the 1000 libpng allows for text
# Pillow refuses the whole picture when a profile inflates beyond its MAX_TEXT_CHUNK; we drop the profile.
_MAX_PROFILE_BYTES = 1_048_576


def size(data: bytes) -> tuple[int, int]:
    """Width and height in pixels, from IHDR."""
    if data[12:16] != b"IHDR":
        raise BrokenImageError(
            "The PNG does not begin with an IHDR chunk: save the picture again and send that."
        )
    width, height = struct.unpack_from(">II", data, 16)
    return width, height


def essence(data: bytes) -> Essence:
    """The default image alone: IHDR, profile, palette, transparency, one IDAT.

    Text, animation frames and private chunks never reach the decoder: text bombs and floods cost one walk.
    Raises BrokenImageError: a chunk is cut off, a checksum is wrong, IDAT or IEND is missing.
    """
    first: dict[bytes, bytes] = {}
    pixels: list[memoryview] = []
    for name, body in _chunks(data):
        if name == b"IDAT":
            pixels.append(body)
        elif name in (b"IHDR", b"PLTE", b"tRNS", b"iCCP", b"eXIf"):
            first.setdefault(name, bytes(body))
    if not pixels:
        raise cut_short("PNG", "its first IDAT chunk")
    header = first.pop(b"IHDR", b"")
    kept = [_chunk(b"IHDR", header)]
    if _inflates(first.get(b"iCCP", b"")):
        kept.append(_chunk(b"iCCP", first[b"iCCP"]))
    if b"PLTE" in first:
        kept.append(_chunk(b"PLTE", first[b"PLTE"]))
    if b"tRNS" in first:
        kept.append(_chunk(b"tRNS", _in_pillow_units(first[b"tRNS"], header)))
    kept += [_chunk(b"IDAT", b"".join(pixels)), _chunk(b"IEND", b"")]
    return Essence(_SIGNATURE + b"".join(kept), exif.orientation(first.get(b"eXIf", b"")))


def _chunks(data: bytes) -> Iterator[tuple[bytes, memoryview]]:
    """Every chunk up to IEND, its checksum proved. Bytes after IEND are ignored, as every reader does."""
    view, at = memoryview(data), len(_SIGNATURE)
    for _ in range(_MAX_CHUNKS):
        if at + 12 > len(data):
            raise cut_short("PNG", "its IEND chunk")
        length, name = struct.unpack_from(">I4s", data, at)
        end = at + 8 + length
        if end + 4 > len(data):
            raise cut_short("PNG", "the end of one of its chunks")
        if zlib.crc32(view[at + 4 : end]) != struct.unpack_from(">I", data, end)[0]:
            raise BrokenImageError(
                "A checksum in the PNG is wrong; it was damaged on its way: send it again."
            )
        if name == b"IEND":
            return
        yield name, view[at + 8 : end]
        at = end + 4
    raise BrokenImageError(
        f"The PNG has more than {_MAX_CHUNKS} chunks: save the picture again and send that."
    )


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(body, zlib.crc32(name)))


def _inflates(profile: bytes) -> bool:
    """Whether an iCCP body holds a profile of bearable length, packed in the one way there is."""
    _, _, packed = profile.partition(b"\0")
    if packed[:1] != b"\0":
        return False
    inflater = zlib.decompressobj()
    try:
        found = inflater.decompress(packed[1:], _MAX_PROFILE_BYTES)
    except zlib.error:
        return False
    return bool(found) and not inflater.unconsumed_tail


def _in_pillow_units(transparent: bytes, header: bytes) -> bytes:
    """The transparent colour in the units in which Pillow hands out the pixels.

    Pillow scales 2- and 4-bit grey to 8 bits and keeps the high byte of 16-bit colour, but compares the
    pixels with the colour as written in tRNS, so that it would match nothing (Pillow 13.0).
    """
    depth, colour = header[8], header[9]
    if colour == _GREY and depth in (2, 4):
        (value,) = struct.unpack_from(">H", transparent)
        return struct.pack(">H", value * 255 // (2**depth - 1) & 0xFFFF)
    if colour == _RGB and depth == 16:
        return struct.pack(">3H", *(value >> 8 for value in struct.unpack_from(">3H", transparent)))
    return transparent
