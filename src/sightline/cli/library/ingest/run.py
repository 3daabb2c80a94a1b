"""Carries out `sightline ingest`: names a source to the library's server. Does not know how it is read."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import typer

from sightline.cli.failures import ExitCode
from sightline.cli.library.connection import connected
from sightline.cli.library.errand import Errand
from sightline.cli.library.outcome import awaited, kept
from sightline.domain.items import COLLECTION_NAME, COLUMN_TYPES, RESERVED_NAME, ColumnType

_NOT_IN_NAMES = re.compile(r"[^a-z0-9]+")
_LETTER_FIRST = re.compile(r"[^a-z]*")


@dataclass(frozen=True)
class Columns:
    """Which columns of a table mean what, by the request's names."""

    id: str | None
    pictures: Sequence[str]
    data: Sequence[str]
    metadata: Sequence[str] | None
    types: Mapping[str, str]


@dataclass(frozen=True)
class Table:
    """How a table is read. root: what its paths are relative to."""

    columns: Columns
    root: str | None
    encoding: str | None

    def request(self) -> dict[str, object]:
        columns = {name: value for name, value in vars(self.columns).items() if value}
        root = _absolute(self.root) if self.root else None
        return {"columns": columns or None, "root": root, "encoding": self.encoding}


@dataclass(frozen=True)
class Order:
    """What to take in. collection: None for one named after the source. options: by the request's names."""

    source: str
    collection: str | None
    options: Mapping[str, object]
    table: Table


def run(order: Order, model: str | None, store: str | None, *, is_awaited: bool, as_json: bool) -> ExitCode:
    """Raises typer.BadParameter: no collection can be named after the source; SightlineError."""
    source = _absolute(order.source)
    collection = order.collection or named_after(source)
    request = {**order.options, **order.table.request(), "source": source, "model": model}
    with connected(Errand(collection, model=model, store=store, runs_jobs=is_awaited)) as library:
        job = library.post(f"/v1/collections/{collection}/ingest", request)
        if not is_awaited:
            return kept(library, job, as_json=as_json)
        return awaited(library, job, as_json=as_json)


def types_of(given: Sequence[str]) -> dict[str, ColumnType]:
    """By column. Raises typer.BadParameter: one is not written COLUMN:TYPE, with a type that there is."""
    types: dict[str, ColumnType] = {}
    for one in given:
        column, _, kind = one.rpartition(":")
        if not column or kind not in COLUMN_TYPES:
            raise typer.BadParameter(
                f"{one!r} is not COLUMN:TYPE with one of {', '.join(COLUMN_TYPES)}", param_hint="'--column'"
            )
        types[column] = kind
    return types


def named_after(source: str) -> str:
    """A name that a collection can bear, like that of the folder or file."""
    name = Path(source).name.partition(".")[0].lower()
    like = _LETTER_FIRST.sub("", _NOT_IN_NAMES.sub("_", name), count=1).strip("_")[:63]
    if not COLLECTION_NAME.fullmatch(like) or RESERVED_NAME.fullmatch(like):
        raise typer.BadParameter(
            f"no collection can be named after {source!r}; give a name", param_hint="'--collection'"
        )
    return like


def _absolute(path: str) -> str:
    """The server has a folder of its own that it works in. An address on the web stays as it is."""
    if "://" in path:
        return path
    path.encode()  # what is not text is refused before anything is begun
    return str(Path(path).expanduser().absolute())
