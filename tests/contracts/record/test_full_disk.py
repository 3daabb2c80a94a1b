"""A full disk stops what is written, and nothing else."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

NAMESPACE = ["unshare", "--user", "--map-root-user", "--mount"]
MOUNTED = 'mount -t tmpfs -o size=32m none "$0" && exec "$@"'


def test_a_full_disk_leaves_the_record_whole_readable_and_pausable(tmp_path: Path) -> None:
    """On a disk of 32 MB that only the child sees."""
    if subprocess.run([*NAMESPACE, "true"], capture_output=True).returncode:
        pytest.skip("this machine lets nobody mount a disk of a few MB")
    work = [sys.executable, "-m", "tests.full_disk", str(tmp_path)]
    ended = subprocess.run(
        [*NAMESPACE, "sh", "-c", MOUNTED, str(tmp_path), *work],
        capture_output=True,
        text=True,
        env=os.environ,
    )
    assert ended.stdout.splitlines()[-1:] == ["held"], ended.stdout + ended.stderr
    assert "the disk of the record is full" in ended.stdout
