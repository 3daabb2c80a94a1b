"""AVIF files put together from boxes, which say what a test wants. Knows not what should become of them."""

import struct

from tests import pictures

Size = tuple[int, int]

_AV1_UNCONFIGURED = b"\x81\0\x0c\0"


def box(name: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return struct.pack(">I4s", 8 + len(body), name) + body


def full(name: bytes, *parts: bytes, version: int = 0) -> bytes:
    """A box that begins with a version and flags."""
    return box(name, bytes([version, 0, 0, 0]), *parts)


def frame(size: Size, **options: object) -> bytes:
    """The AV1 of one picture."""
    data = pictures.saved(pictures.picture(size), "AVIF", speed=10, **options)
    return data[data.index(b"mdat") + 4 :]


def claiming(data: bytes, size: Size) -> bytes:
    """The same file, whose boxes name another size."""
    ispe = data.index(b"ispe") + 8
    return data[:ispe] + struct.pack(">II", *size) + data[ispe + 8 :]


def still(frames: list[bytes], named: list[Size], grid: bytes = b"", copies: int = 1) -> bytes:
    """An item for every frame, so many times over, and before them the grid they make up, if there is one.

    named: the size of what is shown, and that of the frames where it differs.
    """
    payloads = [grid] * bool(grid) + [data for data in frames for _ in range(copies)]
    kinds = [b"grid"] * bool(grid) + [b"av01"] * (len(payloads) - bool(grid))
    fixed = b"".join(
        [
            full(b"hdlr", bytes(4), b"pict", bytes(13)),
            full(b"pitm", struct.pack(">H", 1)),
            _items(kinds),
            _made_of(range(2, len(kinds) + 1)) if grid else b"",
            _properties(kinds, named),
        ]
    )
    head = box(b"ftyp", b"avif", bytes(4), b"mif1avifmiaf")
    unplaced = full(b"meta", fixed, _places([(0, 0)] * len(kinds)))
    start, at, places = len(head) + len(unplaced) + 8, 0, {}
    for data in dict.fromkeys(payloads):  # copies share their bytes
        places[data] = (start + at, len(data))
        at += len(data)
    meta = full(b"meta", fixed, _places([places[data] for data in payloads]))
    return head + meta + box(b"mdat", *places)


def _items(kinds: list[bytes]) -> bytes:
    entries = [struct.pack(">HH4sx", item, 0, kind) for item, kind in enumerate(kinds, 1)]
    return full(
        b"iinf", struct.pack(">H", len(kinds)), *(full(b"infe", entry, version=2) for entry in entries)
    )


def _made_of(tiles: range) -> bytes:
    """Item 1, of those."""
    return full(b"iref", box(b"dimg", struct.pack(f">{2 + len(tiles)}H", 1, len(tiles), *tiles)))


def _properties(kinds: list[bytes], named: list[Size]) -> bytes:
    """A configuration, and the sizes: the first for item 1, the last for all others."""
    sizes = [full(b"ispe", struct.pack(">II", *size)) for size in named]
    bound = [struct.pack(">HBB", 1, 1, 2) if kinds[0] == b"grid" else struct.pack(">HBBB", 1, 2, 0x81, 2)]
    bound += [struct.pack(">HBBB", item, 2, 0x81, 1 + len(named)) for item in range(2, len(kinds) + 1)]
    owned = full(b"ipma", struct.pack(">I", len(kinds)), *bound)
    return box(b"iprp", box(b"ipco", box(b"av1C", _AV1_UNCONFIGURED), *sizes), owned)


def _places(extents: list[tuple[int, int]]) -> bytes:
    entries = [struct.pack(">HHHII", item, 0, 1, *extent) for item, extent in enumerate(extents, 1)]
    return full(b"iloc", struct.pack(">HH", 0x4400, len(extents)), *entries)


def grid_of(rows: int, columns: int, size: Size) -> bytes:
    return struct.pack(">BBBBHH", 0, 0, rows - 1, columns - 1, *size)
