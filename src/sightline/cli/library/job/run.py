"""Carries out `sightline job ...`. Does not know what jobs do."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import typer

from sightline.cli.failures import ExitCode
from sightline.cli.library.connection import Connection, connected
from sightline.cli.library.errand import Errand
from sightline.cli.library.outcome import awaited, failure_line, kept
from sightline.cli.library.scan import lines_of
from sightline.cli.screen import note, printable, show_json, show_table

WAITING = "nobody works on what is waiting; `sightline serve` or the next `sightline ingest` goes on with it"
LOOKING = Errand(needs_model=False)
PAGE = 1000
COLUMNS = (">job", "collection", "state", ">done", ">of", ">failed", ">left", "source")


def show_all(collection: str | None, *, as_json: bool) -> None:
    with connected(Errand(collection, needs_model=False)) as library:
        found = all_jobs(library, collection)
    if as_json:
        show_json(found)
        return
    show_table(COLUMNS, [row(job) for job in found])
    if any(map(is_waiting, found)):
        note(WAITING)


def all_jobs(library: Connection, collection: str | None) -> list[dict[str, Any]]:
    """The newest first."""
    found: list[dict[str, Any]] = []
    offset: int | None = 0
    while offset is not None:
        page = library.get("/v1/jobs", collection=collection, offset=offset, limit=PAGE)
        found += page["jobs"]
        offset = page["next_offset"]
    return found


def row(job: dict[str, Any]) -> list[str]:
    """A job's line under COLUMNS."""
    left = f"{job['eta_s']:.0f} s" if job["eta_s"] is not None else ""
    state = "waiting" if is_waiting(job) else job["state"]
    state = f"{state}: {job['reason']}" if job["reason"] else state
    counts = (str(job[name]) for name in ("done", "total", "failed"))
    return [str(job["id"]), job["collection"], state, *counts, left, job["source"] or job["kind"]]


def is_waiting(job: Mapping[str, Any]) -> bool:
    """Whether it would go on if anybody worked on it."""
    return job["state"] in ("planning", "running") and not job["is_worked_on"]


def show(number: int, *, as_json: bool) -> None:
    with connected(LOOKING) as library:
        found = library.get(f"/v1/jobs/{number}")
    if as_json:
        show_json(found)
        return
    show_table(COLUMNS, [row(found)])
    if is_waiting(found):
        typer.echo(WAITING)
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
                typer.echo(failure_line(one))


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
        return awaited(library, resumed, as_json=as_json)


def _failures(library: Connection, number: int) -> Iterator[dict[str, Any]]:
    after: str | None = ""
    while after is not None:
        page = library.get(f"/v1/jobs/{number}/failures", after=after)
        yield from page["failures"]
        after = page["next"]
