"""Runs a module of the tests on a disk of a few MB that only it sees. Does not know what is tested."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

NAMESPACE = ["unshare", "--user", "--map-root-user", "--mount"]


def said_on_a_small_disk(module: str, disk: Path, *arguments: Path, size_mb: int) -> list[str]:
    """What `python -m module DISK ARGUMENTS` said, line by line, with the disk mounted on a folder."""
    if subprocess.run([*NAMESPACE, "true"], capture_output=True, check=False).returncode:
        pytest.skip("this machine lets nobody mount a disk of a few MB")
    disk.mkdir(exist_ok=True)
    mounted = f'mount -t tmpfs -o size={size_mb}m none "$0" && exec "$@"'
    work = [sys.executable, "-m", module, str(disk), *map(str, arguments)]
    ended = subprocess.run(
        [*NAMESPACE, "sh", "-c", mounted, str(disk), *work],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ,
        check=False,
    )
    return ended.stdout.splitlines()
