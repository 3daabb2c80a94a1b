"""`sightline restore`: its options and help. Does not know how they are carried out."""

from pathlib import Path
from typing import Annotated

import typer

from sightline.cli import options

Source = Annotated[
    Path, typer.Argument(metavar="FILE", help="What `sightline backup` wrote.", show_default=False)
]


def restore(*, source: Source, as_json: options.Json = False) -> None:
    """Make a backup the library's record again.

    Nobody may use the library meanwhile. The file is examined first, and the record before it is kept beside
    it under another name. What is searched is made anew from the record; nothing is computed again. Uploads
    in the backup come to those that are there; none of these is removed.

    \b
    Example:
      sightline restore library.db
    """
    from sightline.cli.library.restore.run import run

    run(source, as_json=as_json)
