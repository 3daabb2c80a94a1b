"""Carries out `sightline collection ...`. Does not know what collections hold."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import typer

from sightline.cli.failures import ExitCode
from sightline.cli.library.connection import connected
from sightline.cli.library.errand import Errand
from sightline.cli.library.outcome import awaited, kept
from sightline.cli.screen import note, printable, show_json, show_table

LOOKING = Errand(needs_model=False)
OF_SOURCES = ("source", ">items", "address")
COLUMNS = ("collection", ">items", "model", ">dim", "store", ">lag", "index", ">recall", "note")


def show_all(*, as_json: bool) -> None:
    with connected(LOOKING) as library:
        found = library.get("/v1/collections")["collections"]
    if as_json:
        show_json(found)
    else:
        show_table(COLUMNS, [row(one) for one in found])


def row(one: dict[str, Any]) -> list[str]:
    """A collection's line under COLUMNS."""
    store, index = one["store"], one["store"]["index"] or {}
    recall = index.get("recall")
    return [
        one["name"],
        str(one["items"]),
        one["model"],
        str(one["dim"]),
        store["address"],
        str(store["lag"]),
        index.get("kind") or "none",
        "" if recall is None else f"{recall:.3f}",
        store["trouble"] or "",
    ]


def show(name: str, *, as_json: bool) -> None:
    with connected(Errand(name, needs_model=False)) as library:
        found = library.get(f"/v1/collections/{name}")
    if as_json:
        show_json(found)
        return
    show_table(COLUMNS, [row(found)])
    if found["sources"]:
        typer.echo()
        show_table(OF_SOURCES, [[one["name"], str(one["items"]), one["address"]] for one in found["sources"]])


def remove(name: str, ids: Sequence[str], *, as_json: bool) -> ExitCode:
    with connected(Errand(name, needs_model=False)) as library:
        done = library.post(f"/v1/collections/{name}/items/remove", {"ids": list(ids)})
    if as_json:
        show_json(done)
    for one in done["missing"]:
        note(f"there is no item {printable(one)}")
    note(f"{done['removed']} items are taken out of {name}")
    return ExitCode.SOME_FAILED if done["missing"] else ExitCode.DONE


def remove_source(name: str, source: str, *, as_json: bool) -> None:
    with connected(Errand(name, needs_model=False)) as library:
        known = library.get(f"/v1/collections/{name}")["sources"]
        done = library.delete(f"/v1/collections/{name}/sources", name=_name_of(source, known))
    if as_json:
        show_json(done)
    else:
        note(f"{done['removed']} items of {printable(source)} are taken out of {name}")


def create(name: str, model: str | None, *, as_json: bool) -> None:
    with connected(Errand(name, model=model)) as library:
        made = library.post("/v1/collections", {"name": name, "model": model})
    if as_json:
        show_json(made)
    else:
        note(f"collection {name} is made, for vectors of {made['model']}")


def reembed(name: str, request: Mapping[str, Any], *, is_awaited: bool, as_json: bool) -> ExitCode:
    with connected(Errand(name, model=request["model"], runs_jobs=is_awaited)) as library:
        job = library.post(f"/v1/collections/{name}/re-embed", request)
        if not is_awaited:
            return kept(library, job, as_json=as_json)
        return awaited(library, job, as_json=as_json)


def _name_of(source: str, known: Sequence[Mapping[str, Any]]) -> str:
    """The name of the source that is meant: by itself, or by where it is or was."""
    if all(one["name"] != source for one in known):
        place = str(Path(source).expanduser().resolve())
        source = next((one["name"] for one in known if one["address"] in (source, place)), source)
    return source


def delete(name: str, *, as_json: bool) -> None:
    with connected(Errand(name, needs_model=False)) as library:
        library.delete(f"/v1/collections/{name}")
    if as_json:
        show_json({"deleted": name})
    else:
        note(f"collection {name} is deleted")
