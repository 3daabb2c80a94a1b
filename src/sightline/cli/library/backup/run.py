"""Carries out `sightline backup`. Does not know the record."""

from collections.abc import Mapping
from pathlib import Path

from sightline.cli.library.connection import connected
from sightline.cli.library.errand import Errand
from sightline.cli.screen import note, show_json, size_of
from sightline.domain.wording import counted


def run(out: Path, *, record_only: bool, as_json: bool) -> None:
    asked = {"path": str(out.expanduser().absolute()), "record_only": record_only}
    with connected(Errand(needs_model=False)) as library:
        made = library.post("/v1/backup", asked)
    if as_json:
        show_json(made)
        return
    note(f"{size_of(made['size_bytes'])} to {made['path']}, {_told(made['uploads'])}")


def _told(uploads: Mapping[str, int] | None) -> str:
    """Which pictures are in it."""
    if uploads is None:
        return "without the uploads: copy the library's folder `pictures` too"
    lacking = (
        f"; {uploads['lacking']} could not be read, see `sightline doctor`" if uploads["lacking"] else ""
    )
    return f"with {counted(uploads['held'], 'upload')}{lacking}"
