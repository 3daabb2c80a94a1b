"""Base64 cells of text tables, bounded before they are decoded. Does not know how rows are written."""

import base64
import binascii

from sightline.domain.errors import BrokenRowError, ImageBytesError
from sightline.sources.rows import Row

_BYTES_PER_GROUP = 3  # in four characters


def decoded_size(cell: object) -> int | None:
    """Bytes that a cell stands for; None if it is empty. A cell that is no base64 is found out on reading."""
    text = _plain(cell)
    return len(text) * _BYTES_PER_GROUP // 4 - text[-2:].count("=") if text else None


def picture_in(row: Row | None, column: str, max_bytes: int) -> bytes:
    """A cell's bytes. Raises BrokenRowError: no such row, a wrong one, or no base64. ImageBytesError."""
    if row is None:
        raise BrokenRowError("the table has no such row any more; scan again")
    if row.wrong is not None:
        raise BrokenRowError(row.wrong)
    cell = row.cells.get(column)
    size = decoded_size(cell)
    if size is not None and size > max_bytes:
        raise ImageBytesError(f"the cell holds {size} bytes; a picture may have {max_bytes}: make it smaller")
    try:
        return base64.b64decode(_plain(cell), validate=True)
    except (binascii.Error, ValueError) as exc:
        raise BrokenRowError(
            "the cell is no base64; write a picture's bytes in the standard alphabet"
        ) from exc


def encoded_limit(max_bytes: int) -> int:
    """The most characters that max_bytes take."""
    return (max_bytes + _BYTES_PER_GROUP - 1) // _BYTES_PER_GROUP * 4


def _plain(cell: object) -> str:
    return "".join(cell.split()) if isinstance(cell, str) else ""
