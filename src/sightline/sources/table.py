"""Pictures that a table names or holds: CSV, JSON lines, Parquet. Does not know how rows are written.

A row may have several pictures: of the product that its id stands for. The n-th picture of a product, counted
over all rows, has the key id//n; without an id column a picture's path or URL takes the id's place.
"""

import os
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import unquote_plus, unquote_to_bytes, urlencode

import orjson

from sightline.domain.entries import PRODUCT, Entry
from sightline.domain.errors import EntryChangedError, OutsideSourceError, SourceError, UrlFetchOffError
from sightline.domain.items import Json
from sightline.domain.ports import Look, unwatched
from sightline.sources.columns import layout
from sightline.sources.csv_rows import CsvRows
from sightline.sources.json_rows import JsonRows
from sightline.sources.kinds import Said
from sightline.sources.options import SourceOptions
from sightline.sources.parquet_rows import ParquetRows
from sightline.sources.root import Facts, Root, key_of, with_facts
from sightline.sources.rows import Row, Rows, to_json

_URL = re.compile("https?://", re.IGNORECASE)
_SEPARATOR = "|"  # between pictures in one CSV cell: it stands in no URL and in few file names


@dataclass(frozen=True)
class _Picture:
    """reference: as the row has it; empty for bytes. facts: None where only reading would tell."""

    reference: str
    uri: str
    facts: Facts | None

    def entry(self, key: str, metadata: Mapping[str, Json]) -> Entry:
        size_bytes = self.facts.size_bytes if self.facts else None
        mtime_ns = self.facts.mtime_ns if self.facts else None
        return Entry(key, self.uri, size_bytes, mtime_ns, metadata)


class TableSource:
    """Every picture of every row, in the table's order. Keeps a count for each id: some 100 bytes."""

    name = "table"

    def __init__(self, address: str, options: SourceOptions) -> None:
        """Raises SourceError: no such table, or a column that is not there."""
        self.left_out: Mapping[str, int] = {}
        self.remarks: Sequence[str] = ()
        self._path = Path(address).absolute()
        self._max_image_bytes = options.max_image_bytes
        self._fetcher = options.fetcher
        self._rows = _rows_of(self._path, options)
        self._layout = layout(options.columns, self._rows.columns, self._rows.binary)
        self._root = Root(options.root or self._path.parent)

    def scan(self, look: Look = unwatched) -> Iterator[Entry]:
        self.left_out = left_out = Counter[str]()
        counts = Counter[str]()
        table, said = self._facts(), Said(self._layout.types)
        for row in self._rows.scan(self._layout, look):
            pictures = list(self._pictures(row, table.mtime_ns))
            if not pictures:
                left_out["rows without a picture"] += 1
                continue
            own_id = _text(row.cells.get(self._layout.id or ""))
            product = own_id or (pictures[0].reference if len(pictures) > 1 else "")
            metadata = self._metadata(row, product, said)
            for picture in pictures:
                stem = own_id or picture.reference
                counts[stem] += 1
                yield picture.entry(f"{stem}//{counts[stem]}", metadata)
        self.remarks = [*self._rows.remarks, *said.remarks()]

    def read(self, entry: Entry) -> bytes:
        if _URL.match(entry.uri):
            return self._fetched(entry.uri)
        path, fragment = _parted(entry.uri)
        if fragment and path == str(self._path):
            return self._cell(fragment, entry.mtime_ns)
        name = self._name(path)
        if fragment or name is None:
            raise OutsideSourceError(f"{path[-200:]!r} is not below the folder of the table's pictures")
        known = entry.size_bytes is not None and entry.mtime_ns is not None
        expected = Facts(entry.size_bytes or 0, entry.mtime_ns or 0) if known else None
        return self._root.read(name, self._max_image_bytes, expected)

    def fresh(self, entry: Entry) -> Entry:
        path, fragment = _parted(entry.uri)
        name = None if fragment or _URL.match(entry.uri) else self._name(path)
        return entry if name is None else with_facts(entry, self._root.facts(name))

    def close(self) -> None:
        self._rows.close()

    def _name(self, path: str) -> str | None:
        """A path's name below the folder of the pictures, None where it is elsewhere."""
        below = str(self._root.path).removesuffix("/") + "/"
        return path.removeprefix(below) if path.startswith(below) else None

    def _fetched(self, url: str) -> bytes:
        if self._fetcher is None:
            raise UrlFetchOffError(
                f"{url[:200]!r} is a URL, and URLs are not read here; set fetch_mode, or download it and "
                "name the file"
            )
        return self._fetcher.read(url)

    def _cell(self, fragment: str, mtime_ns: int | None) -> bytes:
        if mtime_ns not in (None, self._facts().mtime_ns):
            raise EntryChangedError("the table has changed since the scan; scan again")
        place, _, column = fragment.partition("&column=")
        return self._rows.data(place, unquote_plus(column), self._max_image_bytes)

    def _facts(self) -> Facts:
        try:
            return Facts.of(self._path.stat())
        except OSError as exc:
            raise SourceError(f"the table {str(self._path)!r} is gone; put it back and scan again") from exc

    def _pictures(self, row: Row, mtime_ns: int) -> Iterator[_Picture]:
        if row.wrong is not None:
            yield _Picture("", self._uri(row.place, ""), Facts(0, mtime_ns))  # reading it tells what is wrong
        for column in self._layout.pictures:
            yield from map(self._named, _references(row.cells.get(column)))
        for column in self._layout.data:
            if isinstance(size := row.cells.get(column), int):
                yield _Picture("", self._uri(row.place, column), Facts(size, mtime_ns))

    def _named(self, reference: str) -> _Picture:
        if _URL.match(reference):
            url = _text(reference)
            return _Picture(url, url, None)
        path = PurePosixPath(reference)
        name = str(path.relative_to(self._root.path) if path.is_relative_to(self._root.path) else path)
        return _Picture(_text(key_of(name)), self._root.uri(name), self._root.facts(name))

    def _uri(self, place: str, column: str) -> str:
        return f"{self._path.as_uri()}#{place}&{urlencode({'column': column})}"

    def _metadata(self, row: Row, product: str, said: Said) -> dict[str, Json]:
        names = self._layout.metadata
        if names is None:
            pictures = {*self._layout.pictures, *self._layout.data}
            names = [name for name in row.cells if name not in pictures]
        cells = {_text(name): said.read(name, row.cells.get(name), row.number) for name in names}
        own: dict[str, Json] = {PRODUCT: product} if product else {}
        return own | {name: cell for name, cell in cells.items() if cell is not None}


def _rows_of(path: Path, options: SourceOptions) -> Rows:
    suffix = path.suffix.lower()
    if suffix in (".csv", ".tsv"):
        return CsvRows(path, options.max_image_bytes, options.encoding)
    if suffix in (".jsonl", ".ndjson"):
        return JsonRows(path, options.max_image_bytes, options.encoding)
    if suffix in (".parquet", ".pq"):
        if options.encoding is not None:
            raise SourceError("Parquet says by itself how its text is encoded; leave the encoding out")
        return ParquetRows(path)
    raise SourceError(
        f"{path.name!r} is no table; its name must end in .csv, .tsv, .jsonl, .ndjson or .parquet"
    )


def _parted(uri: str) -> tuple[str, str]:
    """The path of a file's address, and what stands behind its #."""
    path, _, fragment = uri.removeprefix("file://").partition("#")
    return os.fsdecode(unquote_to_bytes(path)), fragment


def _references(cell: object) -> Iterator[str]:
    """The paths and URLs in a cell: one, a list, or in CSV a JSON list or parts between bars."""
    if isinstance(cell, str):
        cell = _listed(cell)
    for item in cell if isinstance(cell, list) else [cell]:
        if item is not None and (reference := str(item).strip()):
            yield reference


def _listed(cell: str) -> list[object]:
    if cell.lstrip().startswith("["):
        try:
            return list(orjson.loads(cell))
        except orjson.JSONDecodeError:
            return [cell]  # a file may be called so
    return list(cell.split(_SEPARATOR))


def _text(cell: object) -> str:
    """A cell as text that any database can hold. Tables made by others write the id 42 as 42.0."""
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return str(to_json(str(cell)))
