"""`sightline status`: its options and help. Does not know what is told."""

from typing import Annotated

import typer

from sightline.cli import options

OfCollection = Annotated[
    str | None, typer.Option("--collection", "-c", metavar="NAME", help="Of this collection only.")
]


def status(*, collection: OfCollection = None, as_json: options.Json = False) -> None:
    """Show the library: collections, their stores and indexes, and how far jobs are.

    Also works while a server or another command is at it.

    \b
    Example:
      sightline status
    """
    from sightline.cli.library.status.run import run

    run(collection, as_json=as_json)
