"""Sightline from a terminal: the names of its commands. Does not know, or load, what they compute with.

Each command is a folder: its options and help on top, what carries it out inside. What they share lies here.
"""

import signal
from typing import Annotated

import typer

from sightline.cli.bench import bench
from sightline.cli.doctor import doctor
from sightline.cli.embed import embed
from sightline.cli.failures import DEBUG, Commands
from sightline.cli.library import (
    backup,
    collection,
    duplicates,
    export,
    ingest,
    job,
    map_,
    restore,
    retry,
    search,
    status,
    store,
)  # fmt: skip
from sightline.cli.models import models
from sightline.cli.serve import serve
from sightline.cli.streams import open_closed_streams
from sightline.version import VERSION

app = typer.Typer(
    name="sightline",
    cls=Commands,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # help is plain text: it needs no library, and pipes as it reads
)
for command in (
    serve, embed, ingest, search, status, retry, duplicates, export, backup, restore, doctor,
):  # fmt: skip
    app.command()(command)
app.command(name="map")(map_)
app.add_typer(bench, name="bench")
app.add_typer(models, name="models")
app.add_typer(collection, name="collection")
app.add_typer(job, name="job")
app.add_typer(store, name="store")


def _print_version(is_asked: bool) -> None:
    if is_asked:
        typer.echo(f"sightline {VERSION}")
        raise typer.Exit


@app.callback()
def sightline(
    *,
    version: Annotated[  # its callback answers
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
    debug: Annotated[  # read by failures.Commands, where errors end
        bool, typer.Option("--debug", envvar=DEBUG, help="Show a traceback where there is an error.")
    ] = False,
) -> None:
    """Pictures and text to vectors that can be trusted.

    Results go to stdout; logs and progress go to stderr. Settings come from options, then from SIGHTLINE_...
    in the environment. Exit codes: 0 done, 1 error, 2 wrong usage, 3 done but some items failed,
    130 interrupted, 141 nobody read the results to their end.

    \b
    Examples:
      sightline serve
      sightline embed photos/ --out photos.npy
      sightline ingest photos/
      sightline models list
      sightline COMMAND --help
    """


def main() -> None:
    """What the `sightline` command runs."""
    open_closed_streams()
    # as Ctrl-C: temporary files go away, and the exit code says that something was left undone
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    app(prog_name="sightline")
