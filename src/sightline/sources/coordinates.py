"""Places that people have for items, in a CSV or Parquet file. Does not know whose items they are.

Columns `id` (or `item_id`, as exports call it), `x` and `y`; others are passed over.
"""

import csv
import io
from array import array
from collections.abc import Generator, Iterable, Sequence
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import numpy as np

from sightline.domain.arrays import Float32
from sightline.domain.errors import InvalidRequestError
from sightline.domain.items import MAX_ITEM_ID_CHARACTERS
from sightline.sources.parquet_rows import confined_to

MAX_PLACES = 2_000_000
MAX_IDS_CHARACTERS = 200_000_000  # of all ids: a hundred each; a file of a few kB may unpack to any number
IDS = ("id", "item_id")
PARQUET = b"PAR1"  # how such a file begins
ROWS_AT_ONCE = 10_000
# Columns that can name items. Of others, a cell may become a text of any length on its way.
NAMING = frozenset({"VARCHAR", "UUID", "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT"}) | frozenset(
    {"UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT"}
)

Row = tuple[str | None, Any, Any]
Rows = Generator[Row, None, None]


def read_coordinates(data: bytes) -> tuple[list[str], Float32]:
    """Ids, and (N, 2) places. Raises InvalidRequestError: it says which row, or which column is missing."""
    with closing(_parquet(data) if data.startswith(PARQUET) else _csv(data)) as rows:  # its folder goes
        return collected(rows)


def collected(rows: Iterable[Row]) -> tuple[list[str], Float32]:
    """Raises InvalidRequestError: a place is no place, an id is none, or there are too many."""
    ids: list[str] = []
    places = array("d")
    characters = 0
    for number, (item_id, x, y) in enumerate(rows, 1):
        ids.append(_id(number, item_id))
        characters += len(ids[-1])
        if number > MAX_PLACES or characters > MAX_IDS_CHARACTERS:
            raise InvalidRequestError(
                f"more than {MAX_PLACES} places, or {MAX_IDS_CHARACTERS} characters of ids, are given, the "
                "limit; give fewer"
            )
        try:
            places.extend((float(x), float(y)))
        except (TypeError, ValueError):
            raise InvalidRequestError(f"row {number}: x or y is no number; leave the row out") from None
    with np.errstate(over="ignore"):  # what becomes infinite is refused with what is
        return ids, np.array(places, dtype=np.float32).reshape(-1, 2)


def _id(number: int, item_id: str | None) -> str:
    if item_id is None:
        raise InvalidRequestError(f"row {number} has no id; leave the row out")
    if len(item_id) > MAX_ITEM_ID_CHARACTERS:
        raise InvalidRequestError(
            f"row {number}: an id has at most {MAX_ITEM_ID_CHARACTERS} characters; leave the row out"
        )
    return item_id


def _csv(data: bytes) -> Rows:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InvalidRequestError("the file is neither Parquet nor CSV in UTF-8; save it so") from None
    reader = csv.reader(io.StringIO(text, newline=""))
    try:
        columns = _columns([name.strip() for name in next(reader, [])])
        for number, cells in enumerate(reader, 1):
            if len(cells) > max(columns):
                item_id, x, y = (cells[column] for column in columns)
                yield item_id, x, y
            elif cells:
                raise InvalidRequestError(f"row {number} has {len(cells)} cells, too few; see its quotes")
    except csv.Error:
        raise InvalidRequestError("the file cannot be read as CSV; see its quotes and line ends") from None


def _columns(names: Sequence[str]) -> tuple[int, int, int]:
    """Where id, x and y stand."""
    own = next((name for name in IDS if name in names), None)
    lacking = [name for name in ("x", "y") if name not in names]
    if own is None or lacking:
        missing = ", ".join(["id"] * (own is None) + lacking)
        raise InvalidRequestError(f"the file has no column {missing}; its first row names id, x and y")
    return names.index(own), names.index("x"), names.index("y")


def _parquet(data: bytes) -> Rows:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "places.parquet"
        path.write_bytes(data)
        try:
            with confined_to(str(path)) as database:
                described = database.execute("DESCRIBE SELECT * FROM read_parquet(?)", [str(path)])
                kinds = {name: kind for name, kind, *_ in described.fetchall()}
                own = list(kinds)[_columns(list(kinds))[0]]  # one of IDS
                if kinds[own] not in NAMING:
                    raise InvalidRequestError(f"the column {own} holds {kinds[own][:80]}; write ids as text")
                rows = database.execute(
                    f"SELECT left({own}::VARCHAR, ?), x::DOUBLE, y::DOUBLE FROM read_parquet(?)",  # noqa: S608
                    [MAX_ITEM_ID_CHARACTERS + 1, str(path)],  # enough to see that it is too long
                )
                while several := rows.fetchmany(ROWS_AT_ONCE):
                    yield from several
        except duckdb.Error:
            raise InvalidRequestError(
                "the file cannot be read as Parquet with numbers in x and y; write it anew"
            ) from None
