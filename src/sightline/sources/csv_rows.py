"""Rows of CSV and TSV files. A row that is wrong is wrong alone; does not know what its columns mean.

Read here rather than by DuckDB, which guesses types from a sample, makes 7 of the id 007, and refuses or
drops rows of another width. A column has the type that all its cells have, so that prices compare as numbers.
"""

import csv
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from sightline.domain.errors import SourceError
from sightline.domain.items import Json
from sightline.sources.columns import Layout
from sightline.sources.encoded import decoded_size, encoded_limit, picture_in
from sightline.sources.rows import Row
from sightline.sources.text_lines import bounded_lines, byte_of, open_text

_ROOM_BYTES = 1 << 20  # for a row's other cells
_DELIMITERS = ",;\t|"
# As JSON writes numbers: 007 and +49 are names. Beyond 15 digits float64 would change them.
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,14})(?:\.[0-9]{1,15})?(?:[eE][+-]?[0-9]{1,2})?")
_TRUTHS = {"true": True, "false": False}

Reading = Callable[[str], Json]


class CsvRows:
    """One file with a header line, in UTF-8. Other bytes are kept as they are, for they may name files."""

    binary: Sequence[str] = ()

    def __init__(self, path: Path, max_image_bytes: int) -> None:
        """Raises SourceError: not there, without a header, or with two columns of one name."""
        self._path = path
        self._max_row_bytes = encoded_limit(max_image_bytes) + _ROOM_BYTES
        # process-wide, and 131,072 by default: less than a picture in base64. It is only ever raised.
        csv.field_size_limit(max(csv.field_size_limit(), self._max_row_bytes))
        with open_text(path) as file:
            line = next(bounded_lines(file, self._max_row_bytes), b"")
        # the column names of a table hold no delimiters as a rule; of its cells that cannot be said
        self._delimiter = (
            "\t" if path.suffix.lower() == ".tsv" else max(_DELIMITERS, key=line.decode("latin-1").count)
        )
        with open_text(path) as file:
            header = next(self._reader(file), None)
            self._body_byte = file.tell()
        self.columns = self._checked(header)

    def scan(self, parts: Layout) -> Iterator[Row]:
        readings = self._readings(parts) | dict.fromkeys(parts.data, decoded_size)
        for row in self._rows():
            cells = {name: readings[name](str(cell)) for name, cell in row.cells.items()}
            yield Row(row.place, cells, row.wrong)

    def data(self, place: str, column: str, max_bytes: int) -> bytes:
        with open_text(self._path) as file:
            file.seek(byte_of(place))
            return picture_in(next(self._rows_from(file), None), column, max_bytes)

    def close(self) -> None:
        pass

    def _rows(self) -> Iterator[Row]:
        with open_text(self._path) as file:
            file.seek(self._body_byte)
            yield from self._rows_from(file)

    def _rows_from(self, file: BinaryIO) -> Iterator[Row]:
        reader = self._reader(file)
        while True:
            place = f"byte={file.tell()}"
            try:
                cells = next(reader, None)
            except csv.Error:
                yield Row(place, {}, "the row cannot be told apart from others; see its quotes and line ends")
                continue
            if cells is None:
                return
            if len(cells) == len(self.columns):
                yield Row(place, dict(zip(self.columns, cells, strict=True)))
            elif cells:  # a blank line has none
                wrong = (
                    f"the row has {len(cells)} cells where the header has {len(self.columns)}; see its quotes"
                )
                yield Row(place, {}, wrong)

    def _reader(self, file: BinaryIO) -> Iterator[list[str]]:
        lines = bounded_lines(file, self._max_row_bytes)
        return csv.reader(
            (line.decode("utf-8", "surrogateescape") for line in lines), delimiter=self._delimiter
        )

    def _checked(self, header: list[str] | None) -> Sequence[str]:
        if not header or len(set(header)) < len(header):
            raise SourceError(
                f"the table {str(self._path)!r} needs a first line that names each column once; it has "
                f"{(header or [])[:20]}"
            )
        return tuple(header)

    def _readings(self, parts: Layout) -> dict[str, Reading]:
        """How each column is read: as what all its cells are. Costs a pass over the file."""
        as_written = {parts.id, *parts.pictures, *parts.data}
        numbers = set(self.columns).difference(as_written)
        truths = set(numbers)
        for row in self._rows():
            numbers -= {name for name in numbers if not _is_number(str(row.cells.get(name, "")))}
            truths -= {name for name in truths if not _is_truth(str(row.cells.get(name, "")))}
        readings: dict[str, Reading] = dict.fromkeys(self.columns, _text)
        return readings | dict.fromkeys(truths, _truth) | dict.fromkeys(numbers, _number)


def _is_number(cell: str) -> bool:
    """Or nothing, which may stand in any column."""
    return not cell.strip() or _NUMBER.fullmatch(cell.strip()) is not None


def _is_truth(cell: str) -> bool:
    return not cell.strip() or cell.strip().lower() in _TRUTHS


def _text(cell: str) -> Json:
    return cell or None


def _number(cell: str) -> Json:
    cell = cell.strip()
    if not cell:
        return None
    return int(cell) if cell.lstrip("-").isdigit() else float(cell)


def _truth(cell: str) -> Json:
    return _TRUTHS.get(cell.strip().lower())
