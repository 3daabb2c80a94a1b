"""`sightline backup`: its options and help. Does not know how they are carried out."""

from pathlib import Path
from typing import Annotated

import typer

from sightline.cli import options

Out = Annotated[Path, typer.Argument(metavar="FILE", help="Where the copy goes.", show_default=False)]


RecordOnly = Annotated[
    bool, typer.Option("--record-only", help="Leave out what came with requests: copy `pictures` yourself.")
]


def backup(*, out: Out, record_only: RecordOnly = False, as_json: options.Json = False) -> None:
    """Copy the library into one file, also while a server works on it.

    It holds collections, items, vectors and jobs, and the pictures that came with requests and were kept: all
    that cannot be had again, or costs time. Not the files that were ingested, which stay where they are. A
    file of the same name is replaced. A record in PostgreSQL is backed up by pg_dump.

    \b
    Example:
      sightline backup library.db
    """
    from sightline.cli.library.backup.run import run

    run(out, record_only=record_only, as_json=as_json)
