"""Carries out `sightline restore`: the one command that no server can. Does not know the record."""

from pathlib import Path

from sightline.bootstrap.library import restore
from sightline.cli.loading import settings_for
from sightline.cli.screen import note, show_json


def run(source: Path, *, as_json: bool) -> None:
    """Raises FolderOwnedError: a server or another command uses the library; RecordError."""
    before = restore(settings_for({}), source)
    if as_json:
        show_json({"restored": str(source), "before": before and str(before)})
        return
    note(f"{source} is the library's record now; views are made anew with the next command")
    if before:
        note(f"the record before it is kept as {before}")
