"""Carries out `sightline retry`. Does not know why something failed."""

from sightline.cli.failures import ExitCode
from sightline.cli.library.connection import connected
from sightline.cli.library.errand import Errand
from sightline.cli.library.outcome import awaited, kept
from sightline.cli.screen import note
from sightline.domain.wording import counted


def run(number: int, *, is_awaited: bool, as_json: bool) -> ExitCode:
    with connected(Errand(job=number, runs_jobs=is_awaited)) as library:
        answer = library.post(f"/v1/jobs/{number}/retry")
        note(f"tried again: {counted(answer['queued'], 'item')}")
        if not is_awaited:
            return kept(library, answer["job"], as_json=as_json)
        return awaited(library, answer["job"], as_json=as_json)
