"""Runs `sightline` as a shell would, on a checkpoint of our own, with nothing of the outside world in it."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

CLEAN = {name: value for name, value in os.environ.items() if not name.startswith(("SIGHTLINE_", "HF_"))}
TIMEOUT_S = 60


def environment(cache: Path, **settings: str) -> dict[str, str]:
    """No setting but these, no cache but this, no library of whoever runs the tests, no network."""
    own = {"SIGHTLINE_CACHE_DIR": str(cache), "SIGHTLINE_HOME": str(cache.parent / "home")}
    return {**CLEAN, **own, "SIGHTLINE_OFFLINE": "1", **settings}


def sightline(
    arguments: Sequence[str], cwd: Path, *, stdin: bytes = b"", **settings: str
) -> subprocess.CompletedProcess[bytes]:
    """A finished command; its exit code is not checked."""
    return subprocess.run(
        [sys.executable, "-m", "sightline", *arguments],
        cwd=cwd,
        env=environment(cwd / "cache", **settings),
        input=stdin,
        capture_output=True,
        timeout=TIMEOUT_S,
        check=False,
    )


def started(arguments: Sequence[str], cwd: Path, **settings: str) -> subprocess.Popen[bytes]:
    """A running command with pipes to it."""
    return subprocess.Popen(
        [sys.executable, "-m", "sightline", *arguments],
        cwd=cwd,
        env=environment(cwd / "cache", **settings),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
