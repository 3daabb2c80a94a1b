"""JSON lines, CSV, and bare lines. Do not know where the text goes.

A vector's numbers have the fewest digits that read back as the same float32.
"""

import csv
import io
import json
import unicodedata
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import orjson

from sightline.domain.exports import Batch, Column, Encoder
from sightline.exports.formats import FileFormat

# What a spreadsheet takes for the beginning of a formula, which may call programs and servers (OWASP, CSV
# Injection), as it is or full-width. Before it looks some skip what is not seen: blanks, controls, marks.
FORMULA = ("=", "+", "-", "@")
UNSEEN = ("C", "Z")  # of Unicode's general categories: others, separators
UNFORMULA = "'"


class JsonLines:
    """One object a line."""

    def __init__(self, columns: Sequence[Column]) -> None:
        self._columns = columns

    def head(self) -> bytes:
        return b""

    def rows(self, batch: Batch) -> bytes:
        columns = [[_as_json(column, value) for value in batch[column.name]] for column in self._columns]
        names = [column.name for column in self._columns]
        options = orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_APPEND_NEWLINE
        return b"".join(
            orjson.dumps(dict(zip(names, row, strict=True)), option=options)
            for row in zip(*columns, strict=True)
        )


class Csv:
    """RFC 4180 in UTF-8, with a line of names. Vectors and objects are JSON in a cell.

    It is the format that people open in a spreadsheet, and a file's name or a catalogue's title comes from
    anybody: a text that would begin a formula gets an apostrophe before it. JSON lines and Parquet keep
    every text as it is.
    """

    def __init__(self, columns: Sequence[Column]) -> None:
        self._columns = columns

    def head(self) -> bytes:
        return _lines([[_harmless(column.name) for column in self._columns]])

    def rows(self, batch: Batch) -> bytes:
        cells = [[_cell(column, value) for value in batch[column.name]] for column in self._columns]
        return _lines(zip(*cells, strict=True))


class Lines:
    """The first column, a value a line. For what holds no end of a line, as ids do."""

    def __init__(self, columns: Sequence[Column]) -> None:
        self._column = columns[0]

    def head(self) -> bytes:
        return b""

    def rows(self, batch: Batch) -> bytes:
        return "".join(f"{value}\n" for value in batch[self._column.name]).encode()


class TextFile:
    """A file that an encoder fills."""

    def __init__(self, path: Path, encoder: Encoder) -> None:
        self._file = path.open("wb")
        self._encoder = encoder
        self._file.write(encoder.head())

    def add(self, batch: Batch) -> None:
        self._file.write(self._encoder.rows(batch))

    def finish(self) -> None:
        """Every line is complete."""

    def close(self) -> None:
        self._file.close()


def _format(ending: str, media_type: str, encode: Callable[[Sequence[Column]], Encoder]) -> FileFormat:
    return FileFormat(ending, media_type, lambda path, columns: TextFile(path, encode(columns)), encode)


JSONL = _format(".jsonl", "application/jsonl", JsonLines)
IDS = _format(".txt", "text/plain; charset=utf-8", Lines)
CSV = _format(".csv", "text/csv; charset=utf-8", Csv)


def _as_json(column: Column, value: Any) -> Any:
    # the standard library's writer, since orjson refuses integers past 64 bits, which metadata may hold
    return orjson.Fragment(json.dumps(value, ensure_ascii=False)) if column.kind == "json" else value


def _cell(column: Column, value: Any) -> object:
    match column.kind:
        case "text":
            return _harmless(value)
        case "integer":
            return value
        case "json":
            return json.dumps(value, ensure_ascii=False)
        case "vector":
            return orjson.dumps(value, option=orjson.OPT_SERIALIZE_NUMPY).decode()


def _harmless(text: str) -> str:
    first = next((sign for sign in text if not unicodedata.category(sign).startswith(UNSEEN)), "")
    return UNFORMULA + text if unicodedata.normalize("NFKC", first).startswith(FORMULA) else text


def _lines(rows: Any) -> bytes:
    written = io.StringIO(newline="")
    csv.writer(written).writerows(rows)
    return written.getvalue().encode()
