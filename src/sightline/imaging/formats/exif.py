"""Reads one number, the orientation, out of an EXIF block. Does not know which file the block came from."""

import struct

UPRIGHT = 1
_ORIENTATION, _SHORT, _LONG = 0x0112, 3, 4


def orientation(block: bytes) -> int:
    """1..8 as in the EXIF standard; 1 when the block is damaged or silent: a bad note spoils no picture.

    Only the 12-byte entries of the first directory are looked at, so entries that point at megabytes, or at
    each other, cost nothing; Pillow's getexif() reads what every entry points to.
    """
    block = block.removeprefix(b"Exif\0\0")
    order = {b"II": "<", b"MM": ">"}.get(block[:2])
    if order is None:
        return UPRIGHT
    try:
        (start,) = struct.unpack_from(order + "I", block, 4)
        (count,) = struct.unpack_from(order + "H", block, start)
        for entry in range(start + 2, start + 2 + 12 * count, 12):
            tag, kind = struct.unpack_from(order + "HH", block, entry)
            if tag == _ORIENTATION and kind in (_SHORT, _LONG):
                (value,) = struct.unpack_from(order + ("H" if kind == _SHORT else "I"), block, entry + 8)
                return value if 1 <= value <= 8 else UPRIGHT
    except struct.error:
        return UPRIGHT
    return UPRIGHT
