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
    as_json: options.Json = False,
) -> None:
    """Examine this machine: what runs, how fast it can be, what is missing.

    Every line is ok, warn or fail; the last two say what to do. Exits with 1 if anything fails. Opens no
    connection.

    \b
    Example:
      sightline doctor
    """
    from sightline.cli.doctor.run import run

    if not run(port, as_json=as_json):
        raise typer.Exit(ExitCode.ERROR)
