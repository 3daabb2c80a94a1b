"""What has come of a job, told to people and programs, with the exit code. Does not know what it did."""

import shlex
import sys
from typing import Any

import typer

from sightline.cli.failures import ExitCode
from sightline.cli.library.connection import Connection
from sightline.cli.library.follow import concluded, followed
from sightline.cli.library.lag import caught_up
from sightline.cli.library.scan import lines_of
from sightline.cli.progress import progress
from sightline.cli.screen import note, printable, show_json
from sightline.client.steps import Facts
from sightline.domain.errors import ServerRefusedError
from sightline.domain.wording import counted

SHOWN_FAILURES = 20
GONE = ("job_not_found", "collection_not_found")


def kept(library: Connection, job: Facts, *, as_json: bool) -> ExitCode:
    """Of a job that nobody waits for."""
    if as_json:
        show_json(job)
    who = "the next `sightline serve` works" if library.is_ours else f"{library.asked} works"
    note(f"job {job['id']} is kept; {who} on it: `sightline status` tells how far it is")
    return ExitCode.DONE


def awaited(library: Connection, job: Facts, *, as_json: bool) -> ExitCode:
    """Follow a job to its end, and tell it. Ctrl-C leaves it to go on."""
    number = job["id"]
    try:
        with progress("pictures", None) as bar:
            job = concluded(library, followed(library, number, bar))
        failures = _failures(library, number) if job["failed"] else []
        caught_up(library, job["collection"])
        also_in = _also_in(library, job)
    except KeyboardInterrupt:
        _interrupted(library, number)
        raise typer.Exit(ExitCode.INTERRUPTED) from None
    except ServerRefusedError as error:
        if error.code not in GONE:
            raise
        note(f"collection {job['collection']} was deleted meanwhile, and job {number} with it")
        return ExitCode.ERROR
    if as_json:
        show_json({**job, "failures": failures, "also_in": also_in})
    _tell(job, failures)
    for source, count in also_in.items():
        name = shlex.quote(source)
        note(
            f"also there from {printable(source)}: {counted(count, 'picture')} of it; if it has moved from "
            f"there, `sightline collection remove-source {job['collection']} {name}` takes that out"
        )
    if job["state"] != "done":
        return ExitCode.ERROR
    return ExitCode.SOME_FAILED if job["failed"] else ExitCode.DONE


def _failures(library: Connection, number: int) -> list[dict[str, Any]]:
    """The first of them; the rest is asked for by whoever wants it."""
    found: list[dict[str, Any]] = library.get(f"/v1/jobs/{number}/failures", limit=SHOWN_FAILURES)["failures"]
    return found


def _also_in(library: Connection, job: Facts) -> dict[str, int]:
    """How many pictures of a job's source there are from others too; not asked where it brought none."""
    scan = job["scan"]
    if job["state"] != "done" or scan is None or not scan["added"]:
        return {}
    found: dict[str, int] = library.get(
        f"/v1/collections/{job['collection']}/sources", name=job["source_name"]
    )["also_in"]
    return found


def _tell(job: Facts, failures: list[dict[str, Any]]) -> None:
    for one in failures:
        note(f"failed: {failure_line(one)}")
    if job["failed"] > len(failures):
        note(f"and {job['failed'] - len(failures)} more: `sightline job failures {job['id']}` lists them all")
    for line in lines_of(job["scan"]):
        note(printable(line))
    counts = f"{job['done']} of {job['total']} done, {job['computed']} computed, {job['failed']} failed"
    note(f"job {job['id']}, collection {job['collection']}: {job['state']}; {counts}")
    if job["state"] == "done" and job["message"]:
        note(printable(job["message"]))
    elif job["state"] == "done" and job["failed"]:
        note(f"`sightline retry {job['id']}` tries again what failed")
    elif job["state"] == "paused":
        note(f"`sightline job resume {job['id']}` goes on with it")
    elif job["message"]:
        note(f"{job['reason']}: {printable(job['message'])}")


def failure_line(one: Facts) -> str:
    """What came with a request has no address, and is named by its id."""
    return f"{printable(one['uri'] or one['id'])}: {one['code']}: {printable(one['message'])}"


def _interrupted(library: Connection, number: int) -> None:
    """Said before the server is ended: that keeps what is in hand, and takes a moment."""
    if library.is_ours:
        note(
            f"interrupted: job {number} keeps what it has, and goes on where it was with the next "
            "`sightline ingest` or `sightline serve`"
        )
    else:
        note(f"interrupted: job {number} goes on in {library.asked}; `sightline job cancel {number}` ends it")
    sys.stderr.flush()
