"""`sightline doctor`: its options and help. Does not know what is examined."""

from typing import Annotated

import typer

from sightline.cli import options
from sightline.cli.failures import ExitCode


def doctor(
    *,
    port: Annotated[
        int | None,
        typer.Option(
            "--port", "-p", min=0, max=65535, help="The port to look at. Default: SIGHTLINE_PORT, 8000."
        ),
    ] = None,
    repair: Annotated[
        bool,
        typer.Option("--repair", help="Make what is searched anew where it is not what the record says."),
    ] = False,
    every: Annotated[
        bool,
        typer.Option("--all", help="Compare every vector of the library, not a sample of each collection."),
    ] = False,
    remove_unnamed: Annotated[
        bool,
        typer.Option("--remove-unnamed", help="Remove kept uploads that no item of the record names."),
    ] = False,
    as_json: options.Json = False,
) -> None:
    """Examine this machine and the library: what runs, how fast it can be, what is missing or wrong.

    Every line is ok, warn or fail; the last two say what to do. Exits with 1 if anything fails. May be run at
    any time: a server that owns the library is asked to look. Opens no connection to other machines, but to
    the library's store.

    \b
    Examples:
      sightline doctor
      sightline doctor --repair
    """
    from sightline.cli.doctor.library import Wish
    from sightline.cli.doctor.run import run

    if not run(port, Wish(repairs=repair, at_all=every, removes_unnamed=remove_unnamed), as_json=as_json):
        raise typer.Exit(ExitCode.ERROR)
