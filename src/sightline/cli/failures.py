"""How a command ends when it does not succeed: one line and an exit code. Does not know the commands."""

import os
import re
import sys
from collections.abc import Sequence
from enum import IntEnum
from typing import Any

import typer
from typer.core import TyperGroup

from sightline.domain.errors import SightlineError

DEBUG = "SIGHTLINE_DEBUG"
ESCAPED = re.compile("[\udc80-\udcff]")  # PEP 383


class ExitCode(IntEnum):
    """What scripts can rely on. 130 is what a shell reports for Ctrl-C, 141 for a pipe that nobody reads."""

    DONE = 0
    ERROR = 1
    USAGE = 2
    SOME_FAILED = 3
    INTERRUPTED = 130
    UNREAD = 141


def finish(code: ExitCode) -> None:
    """End the command with a code. Raises typer.Exit: it is another than DONE."""
    if code != ExitCode.DONE:
        raise typer.Exit(code)


class Commands(TyperGroup):
    """A group of commands whose expected errors are one line on stderr; --debug adds the traceback."""

    def invoke(self, ctx: Any) -> Any:
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()  # while there is somebody to tell that it failed
            return result
        except BrokenPipeError as unread:  # whoever read our output has seen enough
            _stop_writing()
            raise typer.Exit(ExitCode.UNREAD) from unread
        except UnicodeError as error:
            given = _not_text(sys.argv[1:])
            if given is None or ctx.find_root().params.get("debug"):
                raise
            remedy = "of a file, rename it or name a link to it"
            typer.echo(f"error: '{given}' is not text in UTF-8; {remedy}", err=True)
            raise typer.Exit(ExitCode.USAGE) from error
        except (SightlineError, OSError) as error:
            if ctx.find_root().params.get("debug"):
                raise
            typer.echo(f"error: {_told(error)}", err=True)
            raise typer.Exit(ExitCode.ERROR) from error
        except KeyboardInterrupt as stop:
            typer.echo("interrupted", err=True)
            raise typer.Exit(ExitCode.INTERRUPTED) from stop


def _not_text(arguments: Sequence[str]) -> str | None:
    """The first whose bytes are not UTF-8, these as \\xe9.

    A shell gives bytes. Python keeps those that are not text as surrogates, which no request can bear.
    """
    for given in filter(ESCAPED.search, arguments):
        return given.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return None


def _stop_writing() -> None:
    """Let the rest of the output go nowhere: Python flushes at its end, and would report the pipe again."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def _told(error: SightlineError | OSError) -> str:
    """The error in one line. Of the system's own errors, what it was about and what the system says of it."""
    if isinstance(error, OSError):
        return ": ".join(str(part) for part in (error.filename, error.strerror or error) if part is not None)
    return " ".join(str(error).split())
