"""Rows of Parquet files, read by a DuckDB that may open this one file only. Knows no column's meaning."""

import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from glob import escape
from pathlib import Path

import duckdb

from sightline.domain.errors import BrokenRowError, ImageBytesError, SourceError
from sightline.domain.ports import Look
from sightline.sources.columns import Layout
from sightline.sources.rows import Row

_ROWS_AT_ONCE = 1000
# Pictures are asked for one by one, in order, and a query takes 40 ms: as many as fit in here come with one.
_AHEAD_BYTES = 32 << 20
_MOST_AHEAD = 256
_FIRST_AHEAD = 4  # while nothing is known of their sizes
_PLACE = re.compile("row=[0-9]{1,18}")
_PICTURE_STRUCT = re.compile(r'STRUCT\(.*\b"?bytes"? BLOB\b')
# One thread: the cores are for pictures. A table brings no other file and no extension into the process.
_CONFINED = """
    SET threads = 1;
    SET memory_limit = '1GB';
    SET autoinstall_known_extensions = false;
    SET autoload_known_extensions = false;
    SET allow_community_extensions = false;
    SET enable_external_access = false;
    SET lock_configuration = true;
"""


class ParquetRows:
    """One file. A struct with a field `bytes`, as data sets of pictures have it, counts as binary."""

    remarks: Sequence[str] = ()

    def __init__(self, path: Path) -> None:
        """Raises SourceError: not there, or no Parquet."""
        if not path.is_file():  # before it is opened: a pipe would be waited for
            raise SourceError(f"there is no table file {str(path)!r}; give one that is there")
        self._turn = threading.Lock()
        self._path = path
        self._file = escape(str(path))  # DuckDB takes a name for a glob
        self._ahead: dict[int, tuple[int, bytes | None]] = {}
        self._ahead_column = ""
        self._ahead_count = _FIRST_AHEAD
        self._database = confined_to(str(path), self._file)
        with self._own_words():
            described = self._database.execute(
                "DESCRIBE SELECT * FROM read_parquet(?)", [self._file]
            ).fetchall()
        self.columns: Sequence[str] = tuple(name for name, *_ in described)
        self._binary = {name: term for name, kind, *_ in described if (term := _bytes_term(name, kind))}
        self.binary: Sequence[str] = tuple(self._binary)

    def scan(self, parts: Layout, look: Look) -> Iterator[Row]:
        plain = {name: _quoted(name) for name in self.columns if name not in self._binary}
        terms = plain | {name: f"octet_length({self._binary[name]})" for name in parts.data}
        wanted = ", ".join(["file_row_number", *terms.values()])
        query = f"SELECT {wanted} FROM read_parquet(?, file_row_number = true)"  # noqa: S608  # the file's own names
        cursor = self._database.cursor()
        try:
            with self._own_words():
                cursor.execute(query, [self._file])
                while rows := cursor.fetchmany(_ROWS_AT_ONCE):
                    for number, *cells in rows:
                        look()
                        yield Row(f"row={number}", dict(zip(terms, cells, strict=True)), None, number + 1)
        finally:
            cursor.close()

    def data(self, place: str, column: str, max_bytes: int) -> bytes:
        if column not in self._binary or not _PLACE.fullmatch(place):
            raise BrokenRowError("the table has no such cell any more; scan again")
        number = int(place.removeprefix("row="))
        with self._turn:
            if number not in self._ahead or column != self._ahead_column:
                self._ahead, self._ahead_column = self._pictures(number, column, max_bytes), column
            size, content = self._ahead.pop(number, (0, b""))
        if content is None:
            raise ImageBytesError(
                f"the cell holds {size} bytes; a picture may have {max_bytes}: make it smaller"
            )
        return content

    def close(self) -> None:
        with self._turn:
            self._database.close()

    def _pictures(self, first: int, column: str, max_bytes: int) -> dict[int, tuple[int, bytes | None]]:
        """Of some rows from the first: a column's size and its bytes, or None where they are too many."""
        term = self._binary[column]
        query = f"""
            SELECT file_row_number, octet_length({term}), CASE WHEN octet_length({term}) <= ? THEN {term} END
            FROM read_parquet(?, file_row_number = true) WHERE file_row_number BETWEEN ? AND ?
        """  # noqa: S608  # the term is a quoted name that the file itself has
        with self._own_words():
            last = first + self._ahead_count - 1
            rows = self._database.execute(query, [max_bytes, self._file, first, last]).fetchall()
        largest = max((len(content) for _, _, content in rows if content), default=_AHEAD_BYTES)
        self._ahead_count = max(1, min(_MOST_AHEAD, _AHEAD_BYTES // largest))
        return {number: (size or 0, content) for number, size, content in rows if size is not None}

    @contextmanager
    def _own_words(self) -> Iterator[None]:
        try:
            yield
        except duckdb.Error as exc:
            raise SourceError(
                f"the table {str(self._path)!r} cannot be read as Parquet; write it anew"
            ) from exc


def confined_to(*paths: str) -> duckdb.DuckDBPyConnection:
    """A database in memory that may read these files and nothing else."""
    database = duckdb.connect(":memory:")
    allowed = ", ".join("'" + path.replace("'", "''") + "'" for path in paths)
    database.execute(f"SET allowed_paths = [{allowed}]")
    database.execute(_CONFINED)
    return database


def _bytes_term(name: str, kind: str) -> str | None:
    """How SQL calls the bytes in a column of this type; None where it has none."""
    if kind == "BLOB":
        return _quoted(name)
    return f'{_quoted(name)}."bytes"' if _PICTURE_STRUCT.match(kind) else None


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
