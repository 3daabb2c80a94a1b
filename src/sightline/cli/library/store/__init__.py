"""`sightline store ...`: its options and help. Does not know stores."""

from typing import Annotated

import typer

from sightline.cli import options

store = typer.Typer(
    help="Where vectors are searched: switch.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@store.command()
def switch(
    *,
    to: Annotated[
        str,
        typer.Option("--to", metavar="URL", help=f"One of: {options.STORES}."),
    ],
    as_json: options.Json = False,
) -> None:
    """Search in another store from now on. It is filled from the record: nothing is computed again.

    \b
    Example:
      sightline store switch --to qdrant://127.0.0.1:6333
    """
    from sightline.cli.library.store.run import run

    run(to, as_json=as_json)
