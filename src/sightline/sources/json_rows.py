"""Rows of JSON lines: an object a line. A line that is wrong is wrong alone; knows no column's meaning."""

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import BinaryIO

import orjson

from sightline.domain.ports import Look
from sightline.sources.columns import Layout
from sightline.sources.encoded import decoded_size, encoded_limit, picture_in
from sightline.sources.encodings import Encoding, encoding_of, opened
from sightline.sources.places import byte_of, place_of
from sightline.sources.rows import Row

_ROOM_BYTES = 1 << 20  # for a row's other values
_ROWS_THAT_NAME_COLUMNS = 1000  # a rare column needs to be named by whoever wants it


class JsonRows:
    """One file of JSON objects, one a line."""

    binary: Sequence[str] = ()
    remarks: Sequence[str] = ()

    def __init__(self, path: Path, max_image_bytes: int, encoding: str | None = None) -> None:
        """encoding: None for UTF-8, or what a mark says. Raises SourceError: not there; no such encoding."""
        self._path = path
        self._encoding = encoding_of(path, encoding)
        self._max_row_bytes = encoded_limit(max_image_bytes) + _ROOM_BYTES
        names: dict[str, None] = {}
        for row in islice(self._rows(), _ROWS_THAT_NAME_COLUMNS):
            names |= dict.fromkeys(row.cells)
        self.columns: Sequence[str] = tuple(names)

    def scan(self, parts: Layout, look: Look) -> Iterator[Row]:
        for row in self._rows():
            look()
            sizes = {name: decoded_size(row.cells[name]) for name in parts.data if name in row.cells}
            yield Row(row.place, {**row.cells, **sizes}, row.wrong, row.number)

    def data(self, place: str, column: str, max_bytes: int) -> bytes:
        with opened(self._path) as file:
            file.seek(byte_of(place))
            return picture_in(next(self._rows_from(file), None), column, max_bytes)

    def close(self) -> None:
        pass

    def _rows(self) -> Iterator[Row]:
        with opened(self._path) as file:
            file.seek(self._encoding.start)
            yield from self._rows_from(file)

    def _rows_from(self, file: BinaryIO) -> Iterator[Row]:
        place = place_of(file.tell())
        for number, line in enumerate(self._encoding.lines(file, self._max_row_bytes), start=1):
            if line.strip():
                yield _row(place, line, self._encoding, number)
            place = place_of(file.tell())


def _row(place: str, line: bytes, encoding: Encoding, number: int) -> Row:
    try:
        cells = orjson.loads(line if encoding.name == "utf-8" else encoding.text(line))
    except ValueError:  # no JSON, or not of the encoding
        return Row(place, {}, "the line is no JSON; write one object a line", number)
    if not isinstance(cells, dict):
        wrong = f"the line is {type(cells).__name__} in JSON; write one object a line"
        return Row(place, {}, wrong, number)
    return Row(place, cells, None, number)
