"""`sightline backup`: its options and help. Does not know how they are carried out."""

from pathlib import Path
from typing import Annotated

import typer

from sightline.cli import options

Out = Annotated[Path, typer.Argument(metavar="FILE", help="Where the copy goes.", show_default=False)]


def backup(*, out: Out, as_json: options.Json = False) -> None:
    """Copy the library's record into one file, also while a server works on it.

    It holds collections, items, vectors and jobs: all that costs time to make again. A file of the same name
    is replaced. A record in PostgreSQL is backed up by pg_dump.

    \b
    Example:
      sightline backup library.db
    """
    from sightline.cli.library.backup.run import run

    run(out, as_json=as_json)
