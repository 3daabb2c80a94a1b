"""Carries out `sightline status`. Does not know where what it tells comes from."""

from typing import Any

import typer

from sightline.cli.library.collection.run import COLUMNS as OF_COLLECTIONS
from sightline.cli.library.collection.run import row as collection_row
from sightline.cli.library.connection import connected
from sightline.cli.library.errand import Errand
from sightline.cli.library.job.run import COLUMNS as OF_JOBS
from sightline.cli.library.job.run import WAITING, all_jobs, is_waiting
from sightline.cli.library.job.run import row as job_row
from sightline.cli.screen import note, show_json, show_table

SHOWN_JOBS = 10


def run(collection: str | None, *, as_json: bool) -> None:
    """Raises ServerRefusedError: there is no such collection."""
    with connected(Errand(collection, needs_model=False)) as library:
        if collection is None:
            collections = library.get("/v1/collections")["collections"]
        else:
            collections = [library.get(f"/v1/collections/{collection}")]
        jobs = all_jobs(library, collection)
        facts = {"home": str(library.home), "asked": library.asked, "store": library.get("/v1/store")}
    if as_json:
        show_json({**facts, "collections": collections, "jobs": jobs})
    else:
        _show(facts, collections, jobs)


def _show(facts: dict[str, Any], collections: list[Any], jobs: list[Any]) -> None:
    typer.echo(f"{facts['home']}, searched in {facts['store']['address']}")
    if not collections:
        note("no collections yet; `sightline ingest FOLDER` makes one")
        return
    show_table(OF_COLLECTIONS, [collection_row(one) for one in collections])
    if jobs:
        typer.echo()
        show_table(OF_JOBS, [job_row(one) for one in jobs[:SHOWN_JOBS]])
    if any(map(is_waiting, jobs)):
        note(WAITING)
    if len(jobs) > SHOWN_JOBS:
        note(f"and {len(jobs) - SHOWN_JOBS} older jobs: `sightline job list`")
