"""Carries out `sightline job ...`. Does not know what jobs do."""

import json
from collections.abc import Iterator
from typing import Any

import typer

from sightline.cli.failures import ExitCode
from sightline.cli.library.connection import Connection, connected
from sightline.cli.library.errand import Errand
from sightline.cli.library.outcome import awaited, kept
from sightline.cli.library.scan import lines_of
from sightline.cli.screen import note, printable, show_json, show_table

LOOKING = Errand(needs_model=False)
COLUMNS = (">job", "collection", "state", ">done", ">of", ">failed", ">left", "source")


def show_all(collection: str | None, *, as_json: bool) -> None:
    with connected(Errand(collection, needs_model=False)) as library:
        found = library.get("/v1/jobs", collection=collection)["jobs"]
    if as_json:
        show_json(found)
    else:
        show_table(COLUMNS, [row(job) for job in found])


def row(job: dict[str, Any]) -> list[str]:
    """A job's line under COLUMNS."""
    left = f"{job['eta_s']:.0f} s" if job["eta_s"] is not None else ""
    state = f"{job['state']}: {job['reason']}" if job["reason"] else job["state"]
    counts = (str(job[name]) for name in ("done", "total", "failed"))
    return [str(job["id"]), job["collection"], state, *counts, left, job["source"] or ""]


def show(number: int, *, as_json: bool) -> None:
    with connected(LOOKING) as library:
        found = library.get(f"/v1/jobs/{number}")
    if as_json:
        show_json(found)
        return
    show_table(COLUMNS, [row(found)])
    for line in lines_of(found["scan"]):
        typer.echo(printable(line))
    if found["message"]:
        typer.echo(printable(found["message"]))


def show_failures(number: int, *, as_json: bool) -> None:
    with connected(LOOKING) as library:
        for one in _failures(library, number):
            if as_json:
                typer.echo(json.dumps(one, ensure_ascii=False))
            else:
                typer.echo(f"{printable(one['uri'])}: {one['code']}: {printable(one['message'])}")


def move(number: int, how: str, *, as_json: bool) -> None:
    with connected(LOOKING) as library:
        moved = library.post(f"/v1/jobs/{number}/{how}")
    if as_json:
        show_json(moved)
    else:
        note(f"job {number} is {moved['state']}; {moved['done']} of {moved['total']} done")


def resume(number: int, *, is_awaited: bool, as_json: bool) -> ExitCode:
    with connected(Errand(job=number, runs_jobs=is_awaited)) as library:
        resumed = library.post(f"/v1/jobs/{number}/resume")
        if not is_awaited:
            return kept(library, resumed, as_json=as_json)
        return awaited(library, number, as_json=as_json)


def _failures(library: Connection, number: int) -> Iterator[dict[str, Any]]:
    after: str | None = ""
    while after is not None:
        page = library.get(f"/v1/jobs/{number}/failures", after=after)
        yield from page["failures"]
        after = page["next"]
