"""Carries out `sightline backup`. Does not know the record."""

from pathlib import Path

from sightline.cli.library.connection import connected
from sightline.cli.library.errand import Errand
from sightline.cli.screen import note, show_json, size_of


def run(out: Path, *, as_json: bool) -> None:
    with connected(Errand(needs_model=False)) as library:
        made = library.post("/v1/backup", {"path": str(out.expanduser().absolute())})
    if as_json:
        show_json(made)
    else:
        note(f"{size_of(made['size_bytes'])} to {made['path']}")
