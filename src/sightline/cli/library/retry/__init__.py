"""`sightline retry`: its options and help. Does not know how they are carried out."""

from typing import Annotated

import typer

from sightline.cli import options
from sightline.cli.failures import finish

Number = Annotated[
    int,
    typer.Argument(
        metavar="JOB", min=0, help="The job's number, from `sightline status`.", show_default=False
    ),
]
Failed = Annotated[
    bool,
    typer.Option("--failed", help="Only what failed, which is all that can be tried again: the default."),
]


def retry(
    *,
    job: Number,
    failed: Failed = True,  # noqa: ARG001  # accepted, so that a script may say what it means
    detach: options.Detach = False,
    as_json: options.Json = False,
) -> None:
    """Try again what failed in a job, and nothing else.

    Exits with 3 if something fails again.

    \b
    Example:
      sightline retry 3
    """
    from sightline.cli.library.retry.run import run

    finish(run(job, is_awaited=not detach, as_json=as_json))
