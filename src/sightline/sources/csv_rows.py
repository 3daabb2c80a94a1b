"""Rows of CSV and TSV files. A row that is wrong is wrong alone; does not know what its columns mean.

Read here rather than by DuckDB, which guesses types from a sample, makes 7 of the id 007, and refuses or
drops rows of another width. A column has the type that all its cells have, so that prices compare as numbers.
"""

import csv
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import BinaryIO

from sightline.domain.errors import SourceError
from sightline.domain.items import Json
from sightline.domain.ports import Look
from sightline.sources.columns import Layout
from sightline.sources.encoded import decoded_size, encoded_limit, picture_in
from sightline.sources.encodings import encoding_of, opened
from sightline.sources.kinds import Guess, as_truth
from sightline.sources.places import byte_of, place_of
from sightline.sources.rows import Row

_ROOM_BYTES = 1 << 20  # for a row's other cells
MAX_COLUMNS = 10_000  # of one table: some hundred times what catalogues have
_DELIMITERS = ",;\t|"
_ESCAPED = re.compile("[\udc80-\udcff]")  # how bytes that are no UTF-8 are kept in text

Reading = Callable[[str], Json]


class CsvRows:
    """One file with a header line. Where no encoding was said, names of files may be other than UTF-8."""

    binary: Sequence[str] = ()

    def __init__(self, path: Path, max_image_bytes: int, encoding: str | None = None) -> None:
        """encoding: None for UTF-8, or what a mark says.

        Raises SourceError: not there, without a header, with two columns of one name, or no such encoding.
        """
        self.remarks: Sequence[str] = ()
        self._path = path
        self._encoding = encoding_of(path, encoding)
        self._max_row_bytes = encoded_limit(max_image_bytes) + _ROOM_BYTES
        # process-wide, and 131,072 by default: less than a picture in base64. It is only ever raised.
        csv.field_size_limit(max(csv.field_size_limit(), self._max_row_bytes))
        with opened(path) as file:
            file.seek(self._encoding.start)
            line = next(self._encoding.lines(file, self._max_row_bytes), b"")
        # the column names of a table hold no delimiters as a rule; of its cells that cannot be said
        self._delimiter = (
            "\t" if path.suffix.lower() == ".tsv" else max(_DELIMITERS, key=line.decode("latin-1").count)
        )
        with opened(path) as file:
            file.seek(self._encoding.start)
            header = self._header(file)
            self._body_byte = file.tell()
        self.columns = self._checked(header)

    def scan(self, parts: Layout, look: Look) -> Iterator[Row]:
        readings = self._readings(parts, look) | dict.fromkeys(parts.data, decoded_size)
        for row in self._rows(look):
            cells = {name: readings[name](str(cell)) for name, cell in row.cells.items()}
            yield Row(row.place, cells, row.wrong, row.number)

    def data(self, place: str, column: str, max_bytes: int) -> bytes:
        with opened(self._path) as file:
            file.seek(byte_of(place))
            return picture_in(next(self._rows_from(file), None), column, max_bytes)

    def close(self) -> None:
        pass

    def _rows(self, look: Look) -> Iterator[Row]:
        with opened(self._path) as file:
            file.seek(self._body_byte)
            for row in self._rows_from(file):
                look()
                yield row

    def _rows_from(self, file: BinaryIO) -> Iterator[Row]:
        reader = self._reader(file)
        for number in count(2):  # behind the header
            place = place_of(file.tell())
            try:
                with self._of_encoding(number):
                    cells = next(reader, None)
            except csv.Error:
                wrong = "the row cannot be told apart from others; see its quotes and line ends"
                yield Row(place, {}, wrong, number)
                continue
            if cells is None:
                return
            if len(cells) == len(self.columns):
                yield Row(place, dict(zip(self.columns, cells, strict=True)), None, number)
            elif cells:  # a blank line has none
                wrong = (
                    f"the row has {len(cells)} cells where the header has {len(self.columns)}; see its quotes"
                )
                yield Row(place, {}, wrong, number)

    def _header(self, file: BinaryIO) -> list[str] | None:
        """Raises SourceError: it is no line of CSV, or not of the encoding."""
        try:
            with self._of_encoding(1):
                return next(self._reader(file), None)
        except csv.Error as exc:
            raise SourceError(
                f"the first line of the table {str(self._path)!r} cannot be read; its quotes must close, and "
                "lines end in LF or CR LF, not in CR alone: save it so"
            ) from exc

    def _reader(self, file: BinaryIO) -> Iterator[list[str]]:
        lines = self._encoding.lines(file, self._max_row_bytes)
        return csv.reader(map(self._encoding.text, lines), delimiter=self._delimiter)

    @contextmanager
    def _of_encoding(self, number: int) -> Iterator[None]:
        """Raises SourceError: a row is not what was said."""
        try:
            yield
        except UnicodeDecodeError as exc:
            raise SourceError(
                f"row {number} of the table has the byte 0x{exc.object[exc.start]:02X} where "
                f"{self._encoding.name} has none; say what it is, as --encoding cp1252, over HTTP `encoding`"
            ) from exc

    def _checked(self, header: list[str] | None) -> Sequence[str]:
        if header and len(header) > MAX_COLUMNS:
            raise SourceError(
                f"the table {str(self._path)!r} has {len(header)} columns; {MAX_COLUMNS} are the limit: "
                "leave out those that nobody filters by"
            )
        if not header or len(set(header)) < len(header):
            raise SourceError(
                f"the table {str(self._path)!r} needs a first line that names each column once; it has "
                f"{[name[:60] for name in (header or [])[:20]]}"
            )
        for name in header:
            if odd := _ESCAPED.search(name):
                raise _no_utf8(1, odd[0], name.encode("utf-8", "replace").decode())
        return tuple(header)

    def _readings(self, parts: Layout, look: Look) -> dict[str, Reading]:
        """How each column is read: as what all its cells are. Costs a pass over the file.

        Raises SourceError: a cell is no UTF-8, and no file's name.
        """
        as_written = {parts.id, *parts.pictures, *parts.data, *parts.types}
        guess = Guess(set(self.columns).difference(as_written))
        for row in self._rows(look):
            cells = {name: str(cell) for name, cell in row.cells.items()}
            for name, cell in cells.items():
                if not cell.isascii() and name not in parts.pictures and (odd := _ESCAPED.search(cell)):
                    raise _no_utf8(row.number, odd[0], name)
            if cells:
                guess.see(cells, row.number)
        self.remarks = guess.remarks()
        kinds = guess.kinds()
        return {name: _READINGS[kinds.get(name, "text")] for name in self.columns}


def _no_utf8(number: int, escaped: str, column: str) -> SourceError:
    byte = ord(escaped) - 0xDC00  # as surrogateescape keeps it
    return SourceError(
        f"row {number} of the table has the byte 0x{byte:02X} in column {column[:60]!r}, which is no UTF-8; "
        "say what it is, as --encoding cp1252, over HTTP `encoding`, or save it as UTF-8"
    )


def _text(cell: str) -> Json:
    return cell or None


def _number(cell: str) -> Json:
    cell = cell.strip()
    if not cell:
        return None
    return int(cell) if cell.lstrip("-").isdigit() else float(cell)


_READINGS: dict[str, Reading] = {"number": _number, "boolean": as_truth, "text": _text}
