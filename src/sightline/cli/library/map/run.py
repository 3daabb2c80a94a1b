"""Carries out `sightline map`. Does not know how a map is drawn."""

import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer

from sightline.cli.failures import ExitCode
from sightline.cli.library.choice import the_collection
from sightline.cli.library.connection import Connection, connected
from sightline.cli.library.errand import Errand
from sightline.cli.library.follow import followed
from sightline.cli.library.outcome import GONE, kept
from sightline.cli.progress import progress
from sightline.cli.screen import note, printable, show_json, show_table
from sightline.client.steps import Facts
from sightline.domain.errors import ServerRefusedError
from sightline.domain.wording import counted

COLUMNS = (">cluster", "name", ">pictures", "for example")
UNKNOWN = "unknown_total"  # how many of the ids given no item has
LOOK_S = 0.2
PLACED_S = 60.0  # for the rest, among places that were given; it goes on in any server


@dataclass(frozen=True)
class Wanted:
    """Which map. words: a file of them, one a line."""

    algorithm: str
    neighbours: int
    words: Path | None

    def request(self) -> dict[str, object]:
        """Raises typer.BadParameter: the file is no text."""
        return {"algorithm": self.algorithm, "neighbours": self.neighbours, "vocabulary": self._vocabulary()}

    def _vocabulary(self) -> list[str]:
        if self.words is None:
            return []
        try:
            lines = self.words.read_text(encoding="utf-8-sig").splitlines()
        except UnicodeDecodeError as error:
            raise typer.BadParameter("it is not text in UTF-8", param_hint="'--words'") from error
        found = [line.strip() for line in lines if line.strip()]
        if not found:
            raise typer.BadParameter("there is no word in it", param_hint="'--words'")
        return found


def draw(collection: str | None, wanted: Wanted, *, is_awaited: bool, as_json: bool) -> ExitCode:
    """Raises ServerRefusedError: there is no such collection, or too little in it."""
    request = wanted.request()
    with connected(Errand(collection, runs_jobs=is_awaited)) as library:
        name = the_collection(library, collection)
        job = library.post(f"/v1/collections/{name}/map", request)
        if not is_awaited:
            return kept(library, job, as_json=as_json)
        job = _awaited(library, job)
        if job["state"] != "done":
            _tell_why(job)
            return ExitCode.ERROR
        _show(library.get(f"/v1/collections/{name}/map"), name, as_json=as_json)
    return ExitCode.DONE


def bring(collection: str | None, given: Path, *, as_json: bool) -> None:
    """Raises ServerRefusedError: the file cannot be read, or its ids are no items'."""
    with connected(Errand(collection, runs_jobs=True)) as library:
        name = the_collection(library, collection)
        path = f"/v1/collections/{name}/map"
        unknown = library.put_file(path, given)[UNKNOWN]
        until = time.monotonic() + PLACED_S
        while (told := library.get(path))["unplaced"] and time.monotonic() < until:
            time.sleep(LOOK_S)
        _show({**told, UNKNOWN: unknown}, name, as_json=as_json)
    if unknown:
        note(f"passed over: {counted(unknown, 'id')} of {printable(given.name)} that no item has")


def _awaited(library: Connection, job: Facts) -> Facts:
    """The job at its end. Ctrl-C leaves it to go on; a collection that is deleted ends it."""
    number = job["id"]
    try:
        with progress("per cent", None) as bar:
            return followed(library, number, bar)
    except KeyboardInterrupt:
        who = "the next `sightline serve` or `sightline map`" if library.is_ours else library.asked
        note(f"interrupted: {who} goes on with job {number}; `sightline job cancel {number}` ends it")
        sys.stderr.flush()
        raise typer.Exit(ExitCode.INTERRUPTED) from None
    except ServerRefusedError as error:
        if error.code not in GONE:
            raise
        note(f"collection {job['collection']} was deleted meanwhile, and its map with it")
        raise typer.Exit(ExitCode.ERROR) from None


def _tell_why(job: Facts) -> None:
    note(f"job {job['id']}, collection {job['collection']}: {job['state']}")
    if job["message"]:
        note(f"{job['reason']}: {printable(job['message'])}")


def _show(told: Mapping[str, Any], name: str, *, as_json: bool) -> None:
    if as_json:
        show_json(told)
        return
    note(f"{name}: {_line(told)}")
    if told["note"]:
        note(printable(told["note"]))
    if told["unplaced"]:
        note(f"{counted(told['unplaced'], 'item')} wait for a place; a server gives them one")
    if told["clusters"]:
        show_table(COLUMNS, [_row(cluster) for cluster in told["clusters"]])


def _line(told: Mapping[str, Any]) -> str:
    """A map in a line, for people."""
    trust = told["trustworthiness"]
    known = "" if trust is None else f", trustworthiness {trust:.2f}"
    points, clusters = counted(told["points"], "point"), counted(len(told["clusters"]), "cluster")
    return f"{points} by {told['algorithm']}, {clusters}{known}"


def _row(cluster: Mapping[str, Any]) -> list[str]:
    examples = cluster["representatives"]
    example = examples[0]["uri"] or examples[0]["id"] if examples else ""
    return [str(cluster["number"]), cluster["name"], str(cluster["size"]), example]
