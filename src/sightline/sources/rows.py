"""What the table formats have in common: a row, its place, a cell as JSON. Knows no format itself."""

import datetime
import math
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from sightline.domain.items import UNSTORABLE, Json
from sightline.domain.ports import Look
from sightline.sources.columns import Layout

MAX_CELL_DEPTH = 16  # lists and objects in each other; deeper ones are left out


@dataclass(frozen=True)
class Row:
    """place: where the reader finds it again. number: by which people do; a header is row 1.

    wrong: why there are no cells, for people.
    """

    place: str
    cells: Mapping[str, object]
    wrong: str | None = None
    number: int = 0


class Rows(Protocol):
    """A table file. columns: its names in order. binary: those of bytes as they are, not of base64.

    remarks: what the last scan met that people should know.
    """

    columns: Sequence[str]
    binary: Sequence[str]
    remarks: Sequence[str]

    def scan(self, parts: Layout, look: Look) -> Iterator[Row]:
        """Every row in order, with a look for each that is read.

        Of columns with bytes it gives the size only, or None where there are none.
        """
        ...

    def data(self, place: str, column: str, max_bytes: int) -> bytes:
        """A picture's bytes. Raises BrokenRowError: no such row or cell; ImageBytesError."""
        ...

    def close(self) -> None: ...


def to_json(value: object, depth_left: int = MAX_CELL_DEPTH) -> Json:
    """A cell as JSON that any database can hold; None for what has no like there: bytes, NaN, infinity."""
    match value:
        case bool() | None:
            return value
        case str():
            return UNSTORABLE.sub("\N{REPLACEMENT CHARACTER}", value)
        case int():
            return value if abs(value) < 2**63 else str(value)
        case float() | Decimal():
            return float(value) if math.isfinite(value) else None
        case datetime.date() | datetime.time():
            return value.isoformat()
        case uuid.UUID() | datetime.timedelta():
            return str(value)
        case list() | tuple() if depth_left:
            return [to_json(item, depth_left - 1) for item in value]
        case dict() if depth_left:
            return {str(to_json(str(key))): to_json(item, depth_left - 1) for key, item in value.items()}
        case _:
            return None
