import os
import subprocess
import sys

import pytest
import typer
from typer.testing import CliRunner

from sightline.cli.failures import Commands
from sightline.domain.errors import UnknownModelError


def app_that_raises(error):
    app = typer.Typer(cls=Commands, pretty_exceptions_enable=False)

    @app.callback()
    def root(*, debug: bool = False): ...

    @app.command()
    def work():
        raise error

    return app


@pytest.mark.parametrize(
    ("error", "code", "told"),
    [
        (
            UnknownModelError("no model is called 'x'.\n Give another."),
            1,
            "error: no model is called 'x'. Give another.\n",
        ),
        (FileNotFoundError(2, "No such file", "x.npy"), 1, "error: x.npy: No such file\n"),
        (KeyboardInterrupt(), 130, "interrupted\n"),
    ],
)
def test_expected_error_is_one_line_on_stderr_and_an_exit_code(error, code, told):
    result = CliRunner().invoke(app_that_raises(error), ["work"])
    assert result.exit_code == code
    assert result.stderr == told
    assert result.stdout == ""


def test_reader_that_has_seen_enough_ends_the_command_quietly(tmp_path):
    """As `sightline models list | true`: 141 is what a shell reports for a pipe that nobody reads."""
    reading, writing = os.pipe()
    os.close(reading)
    environ = {**os.environ, "SIGHTLINE_HOME": str(tmp_path), "SIGHTLINE_CACHE_DIR": str(tmp_path)}
    command = [sys.executable, "-m", "sightline", "models", "list"]
    try:
        done = subprocess.run(
            command, stdout=writing, stderr=subprocess.PIPE, env=environ, timeout=60, check=False
        )
    finally:
        os.close(writing)
    assert (done.returncode, done.stderr) == (141, b"")


def test_debug_lets_the_error_through_with_its_traceback():
    result = CliRunner().invoke(app_that_raises(UnknownModelError("no")), ["--debug", "work"])
    assert isinstance(result.exception, UnknownModelError)


def test_error_that_nobody_expected_is_not_hidden():
    result = CliRunner().invoke(app_that_raises(ZeroDivisionError()), ["work"])
    assert isinstance(result.exception, ZeroDivisionError)
