"""Rows of JSON lines: an object a line. A line that is wrong is wrong alone; knows no column's meaning."""

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import BinaryIO

import orjson

from sightline.sources.columns import Layout
from sightline.sources.encoded import decoded_size, encoded_limit, picture_in
from sightline.sources.rows import Row
from sightline.sources.text_lines import bounded_lines, byte_of, open_text

_ROOM_BYTES = 1 << 20  # for a row's other values
_ROWS_THAT_NAME_COLUMNS = 1000  # a rare column needs to be named by whoever wants it


class JsonRows:
    """One file of JSON objects, one a line, in UTF-8."""

    binary: Sequence[str] = ()

    def __init__(self, path: Path, max_image_bytes: int) -> None:
        """Raises SourceError: not there."""
        self._path = path
        self._max_row_bytes = encoded_limit(max_image_bytes) + _ROOM_BYTES
        names: dict[str, None] = {}
        for row in islice(self._rows(), _ROWS_THAT_NAME_COLUMNS):
            names |= dict.fromkeys(row.cells)
        self.columns: Sequence[str] = tuple(names)

    def scan(self, parts: Layout) -> Iterator[Row]:
        for row in self._rows():
            sizes = {name: decoded_size(row.cells[name]) for name in parts.data if name in row.cells}
            yield Row(row.place, {**row.cells, **sizes}, row.wrong)

    def data(self, place: str, column: str, max_bytes: int) -> bytes:
        with open_text(self._path) as file:
            file.seek(byte_of(place))
            return picture_in(next(self._rows_from(file), None), column, max_bytes)

    def close(self) -> None:
        pass

    def _rows(self) -> Iterator[Row]:
        with open_text(self._path) as file:
            yield from self._rows_from(file)

    def _rows_from(self, file: BinaryIO) -> Iterator[Row]:
        place = f"byte={file.tell()}"
        for line in bounded_lines(file, self._max_row_bytes):
            if line.strip():
                yield _row(place, line)
            place = f"byte={file.tell()}"


def _row(place: str, line: bytes) -> Row:
    try:
        cells = orjson.loads(line)
    except orjson.JSONDecodeError:
        return Row(place, {}, "the line is no JSON; write one object a line")
    if not isinstance(cells, dict):
        return Row(place, {}, f"the line is {type(cells).__name__} in JSON; write one object a line")
    return Row(place, cells)
