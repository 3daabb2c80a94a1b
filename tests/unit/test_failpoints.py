"""Failpoints do nothing unless asked, and then what was asked, where and when."""

import os
import subprocess
import sys

import pytest

REACH = """
from sightline.observe.failpoints import reach
for name in ("a.before", "b.before", "a.before", "a.before"):
    print(name, flush=True)
    reach(name)
"""


def ended(wish: str | None) -> "subprocess.CompletedProcess[str]":
    environment = {key: value for key, value in os.environ.items() if key != "SIGHTLINE_FAILPOINT"}
    if wish is not None:
        environment["SIGHTLINE_FAILPOINT"] = wish
    return subprocess.run([sys.executable, "-c", REACH], capture_output=True, text=True, env=environment)


def test_nothing_happens_unless_asked() -> None:
    assert ended(None).returncode == 0


def test_the_process_fails_at_the_place_and_time_that_was_asked_for() -> None:
    failed = ended("a.before:2:raise")
    assert failed.stdout.split() == ["a.before", "b.before", "a.before"]
    assert "FailpointError" in failed.stderr


def test_the_process_dies_as_in_a_power_cut() -> None:
    killed = ended("b.before:1:kill")
    assert killed.stdout.split() == ["a.before", "b.before"]
    assert killed.returncode == -9


@pytest.mark.parametrize("wish", ["a.before", "a.before:0:kill", "a.before:x:raise", "a.before:1:burn"])
def test_a_wish_that_means_nothing_is_refused(wish: str) -> None:
    assert "is not name:n:raise" in ended(wish).stderr
