"""`sightline job ...`: its options and help. Does not know what jobs do."""

from typing import Annotated

import typer

from sightline.cli import options
from sightline.cli.failures import finish

job = typer.Typer(
    help="Jobs of the library: list, show, failures, pause, resume, cancel.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Number = Annotated[
    int,
    typer.Argument(
        metavar="JOB", min=0, help="The job's number, from `sightline status`.", show_default=False
    ),
]
OfCollection = Annotated[
    str | None, typer.Option("--collection", "-c", metavar="NAME", help="Of this collection only.")
]


@job.command("list")
def list_jobs(*, collection: OfCollection = None, as_json: options.Json = False) -> None:
    """List all jobs, the newest first.

    \b
    Example:
      sightline job list
    """
    from sightline.cli.library.job import run

    run.show_all(collection, as_json=as_json)


@job.command()
def show(number: Number, *, as_json: options.Json = False) -> None:
    """Show how far a job is, and what its scan found and left out.

    \b
    Example:
      sightline job show 3
    """
    from sightline.cli.library.job import run

    run.show(number, as_json=as_json)


@job.command()
def failures(number: Number, *, as_json: options.Json = False) -> None:
    """List all that failed in a job, with the reasons; with --json one object a line.

    \b
    Example:
      sightline job failures 3
    """
    from sightline.cli.library.job import run

    run.show_failures(number, as_json=as_json)


@job.command()
def pause(number: Number, *, as_json: options.Json = False) -> None:
    """Let a job rest once what is in hand is kept.

    \b
    Example:
      sightline job pause 3
    """
    from sightline.cli.library.job import run

    run.move(number, "pause", as_json=as_json)


@job.command()
def resume(number: Number, *, detach: options.Detach = False, as_json: options.Json = False) -> None:
    """Go on with a job that is paused or failed, and follow it to its end.

    \b
    Example:
      sightline job resume 3
    """
    from sightline.cli.library.job import run

    finish(run.resume(number, is_awaited=not detach, as_json=as_json))


@job.command()
def cancel(number: Number, *, as_json: options.Json = False) -> None:
    """End a job; what it has taken in stays.

    \b
    Example:
      sightline job cancel 3
    """
    from sightline.cli.library.job import run

    run.move(number, "cancel", as_json=as_json)
