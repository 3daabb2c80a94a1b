"""Carries out `sightline export`: the server's bytes into a file. Does not know formats."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO

import typer

from sightline.cli.library.choice import the_collection
from sightline.cli.library.connection import Connection, connected
from sightline.cli.library.errand import Errand
from sightline.cli.library.search.run import filter_of
from sightline.cli.screen import note, printable, show_json, size_of
from sightline.domain.wording import counted

STDOUT = "-"
FORMATS = ("parquet", "csv", "jsonl", "npz", "duckdb", "ids")
ENDINGS = {"txt": "ids"}  # where they are not the format's name


@dataclass(frozen=True)
class Order:
    """What goes where. to: the format; None for that of the file's ending. where: a filter, as JSON.

    within: a part of the map, as JSON.
    """

    out: str
    to: str | None
    where: str | None
    within: str | None
    with_vectors: bool

    def query(self) -> dict[str, str]:
        """Raises typer.BadParameter: the ending is no format's, or the filter no JSON."""
        if self.where is not None:
            filter_of(self.where)
        return {"format": self._format(), "vectors": str(self.with_vectors).lower(), **self.choice()}

    def choice(self) -> dict[str, str]:
        """Which items, as the routes take it."""
        asked = {"filter": self.where, "within": self.within}
        return {name: value for name, value in asked.items() if value is not None}

    def _format(self) -> str:
        ending = "jsonl" if self.out == STDOUT else Path(self.out).suffix.removeprefix(".").lower()
        form = self.to or ENDINGS.get(ending, ending)
        if form not in FORMATS:
            raise typer.BadParameter(
                f"no format has the ending {ending!r}; take one of {', '.join(FORMATS)}, or say it by --to",
                param_hint="'FILE'",
            )
        return form


def run(order: Order, collection: str | None, *, as_json: bool) -> None:
    query = order.query()
    with connected(Errand(collection, needs_model=False)) as library, _placed(order.out) as file:
        name = the_collection(library, collection)
        path = f"/v1/collections/{name}/export"
        survey = library.get(f"{path}/survey", **order.choice())
        for line in survey["notes"]:
            note(printable(line))
        size_bytes = _copy(library, path, query, file)
    told = {"collection": name, "out": order.out, "items": survey["items"], "size_bytes": size_bytes}
    if as_json:
        show_json(told, err=order.out == STDOUT)
    else:
        place = "stdout" if order.out == STDOUT else printable(order.out)
        note(f"{counted(survey['items'], 'item')} of {name} to {place}, {size_of(size_bytes)}")


def _copy(library: Connection, path: str, query: dict[str, str], file: BinaryIO) -> int:
    with library.stream(path, params=query) as answer:
        return sum(file.write(piece) for piece in answer.iter_bytes())


@contextmanager
def _placed(out: str) -> Iterator[BinaryIO]:
    """A file that takes its place when the block ends well, and else never."""
    if out == STDOUT:
        yield sys.stdout.buffer
        return
    target = Path(out)
    with TemporaryDirectory(prefix=f".{target.name}.", dir=target.parent) as folder:
        growing = Path(folder) / target.name
        with growing.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        growing.replace(target)
