"""Carries out `sightline collection ...`. Does not know what collections hold."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import typer

from sightline.cli.failures import ExitCode
from sightline.cli.library.connection import connected
from sightline.cli.library.errand import Errand
from sightline.cli.library.outcome import awaited, kept
from sightline.cli.screen import note, printable, show_json, show_table
from sightline.domain.errors import InvalidRequestError
from sightline.domain.wording import counted

LOOKING = Errand(needs_model=False)
OF_SOURCES = ("source", ">items", "address")
COLUMNS = ("collection", ">items", "model", ">dim", "store", ">lag", "index", ">recall", "map", "note")


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
        _map_of(one),
        store["trouble"] or "",
    ]


def _map_of(one: Mapping[str, Any]) -> str:
    drawn = one["map"]
    return f"{counted(drawn['points'], 'point')} by {drawn['algorithm']}" if drawn else "none"


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
    note(f"{counted(done['removed'], 'item')} taken out of {name}")
    return ExitCode.SOME_FAILED if done["missing"] else ExitCode.DONE


def remove_source(name: str, source: str, *, asks: bool, as_json: bool) -> None:
    """Raises InvalidRequestError: the collection has no such source; typer.Abort: no, it is not to go."""
    with connected(Errand(name, needs_model=False)) as library:
        meant = _source_of(source, library.get(f"/v1/collections/{name}"))
        count = counted(meant["items"], "item")
        if asks:
            _require_yes(f"Take {count} of {printable(meant['name'])} out of {name}?")
        done = library.delete(f"/v1/collections/{name}/sources", name=meant["name"])
    if as_json:
        show_json(done)
    else:
        note(f"{counted(done['removed'], 'item')} of {printable(source)} taken out of {name}")


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


def delete(name: str, *, asks: bool, as_json: bool) -> None:
    """Raises ServerRefusedError: there is no such collection; typer.Abort: no, it is not to go."""
    with connected(Errand(name, needs_model=False)) as library:
        found = library.get(f"/v1/collections/{name}")
        if asks:
            _require_yes(f"Delete {name} with {counted(found['items'], 'item')}, their vectors and uploads?")
        library.delete(f"/v1/collections/{name}")
    if as_json:
        show_json({"deleted": name})
    else:
        note(f"collection {name} is deleted")


def _source_of(named: str, collection: Mapping[str, Any]) -> dict[str, Any]:
    """The source that is meant: by its name, or by where it is or was. Raises InvalidRequestError."""
    known: Sequence[dict[str, Any]] = collection["sources"]
    place = str(Path(named).expanduser().resolve())
    by_name = (one for one in known if one["name"] == named)
    by_place = (one for one in known if one["address"] in (named, place))
    found = next(by_name, None) or next(by_place, None)
    if found is None:
        there = ", ".join(printable(one["name"]) for one in known) or "none"
        raise InvalidRequestError(
            f"{collection['name']} has no source {printable(named)}; its sources are: {there}"
        )
    return found


def _require_yes(question: str) -> None:
    """Raises typer.Abort: the answer is no; typer.BadParameter: nobody is there to give one."""
    if not sys.stdin.isatty():
        raise typer.BadParameter(f"{question} Nobody is there to ask: say so by --yes", param_hint="'--yes'")
    typer.confirm(question, abort=True, err=True)
