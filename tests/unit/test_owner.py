"""One owner for each folder: what a second one is told, and what a kill frees."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sightline.catalogue.owner import FILE_NAME, Holder, Owner, holder
from sightline.domain.errors import FolderOwnedError

OWN = """
import sys, time
from pathlib import Path
from sightline.catalogue.owner import Owner
with Owner(Path(sys.argv[1])) as owner:
    owner.announce("http://127.0.0.1:8123")
    print("owned", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def other(tmp_path: Path):
    """Another process that owns the folder."""
    process = subprocess.Popen([sys.executable, "-c", OWN, str(tmp_path)], stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"owned\n"
    yield process
    process.kill()
    process.communicate()


def test_a_second_owner_is_refused_at_once_and_told_who_and_where(tmp_path: Path, other) -> None:
    began = time.monotonic()
    with pytest.raises(FolderOwnedError) as refusal:
        Owner(tmp_path)
    assert time.monotonic() - began < 3
    assert refusal.value.pid == other.pid
    assert refusal.value.address == "http://127.0.0.1:8123"
    message = str(refusal.value)
    assert f"process {other.pid} at http://127.0.0.1:8123" in message
    assert "\n" not in message


def test_a_killed_owner_leaves_the_folder_free(tmp_path: Path, other) -> None:
    assert holder(tmp_path) == Holder(other.pid, "http://127.0.0.1:8123")
    other.send_signal(signal.SIGKILL)
    other.wait()
    assert holder(tmp_path) is None
    with Owner(tmp_path):
        assert holder(tmp_path) == Holder(os.getpid(), None)


def test_a_folder_is_free_again_when_its_owner_closes(tmp_path: Path) -> None:
    Owner(tmp_path).close()
    assert holder(tmp_path) is None
    Owner(tmp_path).close()


def test_a_folder_that_is_not_there_has_no_owner_and_can_get_one(tmp_path: Path) -> None:
    assert holder(tmp_path / "new") is None
    with Owner(tmp_path / "new"):
        assert holder(tmp_path / "new") == Holder(os.getpid(), None)


def test_an_owner_that_ends_in_time_is_waited_for(tmp_path: Path, other) -> None:
    other.terminate()
    Owner(tmp_path, patience_s=10).close()


@pytest.mark.parametrize("text", ["", '{"pid": 1', "[1]", '{"pid": 1, "colour": "red"}'])
def test_a_lock_file_that_says_nothing_still_locks(tmp_path: Path, other, text: str) -> None:
    (tmp_path / FILE_NAME).write_text(text)
    with pytest.raises(FolderOwnedError, match="owned by another process"):
        Owner(tmp_path, patience_s=0)


def test_a_forked_child_does_not_keep_the_folder_of_its_parent(tmp_path: Path) -> None:
    owner = Owner(tmp_path)
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.write(writing, b"!")
        time.sleep(60)
    try:
        os.read(reading, 1)
        assert holder(tmp_path) == Holder(os.getpid(), None)  # the child's end of it did not free the folder
        owner.close()
        assert holder(tmp_path) is None
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.close(reading)
        os.close(writing)
