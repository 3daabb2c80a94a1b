"""Carries out `sightline duplicates`. Does not know how they are found."""

import json
from collections.abc import Iterator
from typing import Any

import typer

from sightline.cli.library.choice import the_collection
from sightline.cli.library.connection import Connection, connected
from sightline.cli.library.errand import Errand
from sightline.cli.library.lag import caught_up
from sightline.cli.library.search.run import place_of
from sightline.cli.screen import note, printable
from sightline.domain.wording import counted


def run(collection: str | None, threshold: str, keep: str, *, as_json: bool) -> None:
    with connected(Errand(collection, needs_model=False)) as library:
        name = the_collection(library, collection)
        if library.is_ours:
            caught_up(library, name)
        groups = copies = 0
        for group in _groups(library, name, threshold, keep):
            groups, copies = groups + 1, copies + len(group["copies"])
            if as_json:
                typer.echo(json.dumps(group, ensure_ascii=False))
            else:
                _show(group)
    note(f"{counted(groups, 'group')}; {counted(copies, 'picture')} could go")


def _groups(library: Connection, name: str, threshold: str, keep: str) -> Iterator[dict[str, Any]]:
    offset: int | None = 0
    while offset is not None:
        page = library.get(
            f"/v1/collections/{name}/duplicates", threshold=threshold, keep=keep, offset=offset
        )
        yield from page["groups"]
        offset = page["next_offset"]


def _show(group: dict[str, Any]) -> None:
    keeper = group["keeper"]
    typer.echo(printable(place_of(keeper["uri"]) or keeper["id"]))
    for copy in group["copies"]:
        how = "same" if copy["exact"] else f"{copy['score']:.3f}"
        typer.echo(f"  {how:<5}  {printable(place_of(copy['uri']) or copy['id'])}")
