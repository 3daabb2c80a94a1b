"""Carries out `sightline restore`: the one command that no server can. Does not know the record."""

from pathlib import Path

from sightline.bootstrap.library import restore
from sightline.cli.loading import settings_for
from sightline.cli.screen import note, show_json
from sightline.domain.errors import FolderOwnedError


def run(source: Path, *, as_json: bool) -> None:
    """Raises FolderOwnedError: a server or another command uses the library; RecordError."""
    try:
        before = restore(settings_for({}), source)
    except FolderOwnedError as error:
        raise _in_use(error) from error
    if as_json:
        show_json({"restored": str(source), "before": before and str(before)})
        return
    note(f"{source} is the library's record now; views are made anew with the next command")
    if before:
        note(f"the record before it is kept as {before}")


def _in_use(error: FolderOwnedError) -> FolderOwnedError:
    """Other commands work through the owner; this one has to have it ended."""
    who = f"process {error.pid}" if error.pid else "another process"
    where = f", which serves it at {error.address}" if error.address else ""
    how = f"`kill {error.pid}` or Ctrl-C where it runs" if error.pid else "Ctrl-C where it runs"
    return FolderOwnedError(
        f"nothing is restored: the library is in use by {who}{where}; end that first, by {how}, "
        "and give the command again",
        pid=error.pid,
        address=error.address,
    )
