"""The commands of the library, as processes, with the bundled model."""

import json
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from sightline.catalogue.owner import holder
from tests.e2e.terminal import sightline, started
from tests.libraries import write_pictures
from tests.waiting import wait_until

MANY = 1500  # takes seconds: long enough to be met in the midst


@pytest.fixture
def place(tmp_path: Path) -> Path:
    write_pictures(tmp_path / "photos", range(30))
    return tmp_path


def run(place: Path, *arguments: str, **settings: str) -> "subprocess.CompletedProcess[bytes]":
    return sightline(arguments, place, **_settings(place, settings))


@contextmanager
def running(place: Path, *arguments: str, **settings: str) -> "Iterator[subprocess.Popen[bytes]]":
    with started(arguments, place, **_settings(place, settings)) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()


def _settings(place: Path, settings: dict[str, str]) -> dict[str, str]:
    return {"SIGHTLINE_HOME": str(place / "home"), "SIGHTLINE_PRECISION": "f32", **settings}


def answer(place: Path, *arguments: str, code: int = 0) -> Any:
    """What a command says with --json."""
    done = run(place, *arguments, "--json")
    assert done.returncode == code, done.stderr.decode()
    return json.loads(done.stdout)


def wait_for_job(place: Path, process: "subprocess.Popen[bytes]", done: int = 1) -> dict[str, Any]:
    """Until so many pictures of the newest job are done, as another process sees it."""
    wait_until(
        lambda: process.poll() is not None or bool((now := holder(place / "home")) and now.address), 30
    )
    for _ in range(60):
        assert process.poll() is None, process.stderr and process.stderr.read().decode()
        told = answer(place, "status")
        if told["jobs"] and told["jobs"][0]["done"] >= done:
            return dict(told)
    raise AssertionError("the job does not get on")


def test_a_folder_is_taken_in_and_taken_in_again_for_nothing(place: Path) -> None:
    first = answer(place, "ingest", "photos")
    assert (first["collection"], first["state"], first["done"], first["computed"]) == (
        "photos",
        "done",
        30,
        30,
    )
    again = answer(place, "ingest", "photos")
    assert (again["total"], again["computed"]) == (0, 0)
    told = answer(place, "status")
    assert [one["items"] for one in told["collections"]] == [30]
    assert (told["store"]["name"], len(told["jobs"])) == ("duckdb", 2)


def test_what_failed_is_listed_and_a_retry_does_only_that(place: Path) -> None:
    broken = place / "photos" / "00003.png"
    whole = broken.read_bytes()
    broken.write_bytes(whole[:100])
    done = run(place, "ingest", "photos")
    assert done.returncode == 3
    assert b"00003.png: broken_image: " in done.stderr
    broken.write_bytes(whole)
    retried = answer(place, "retry", "1", "--failed")
    assert (retried["failed"], retried["done"], retried["computed"]) == (0, 30, 30)


def test_interrupted_ingest_keeps_what_it_has_and_goes_on(place: Path) -> None:
    write_pictures(place / "photos", range(30, MANY))
    with running(place, "ingest", "photos") as process:
        seen = wait_for_job(place, process)
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 130
        assert process.stderr is not None
        assert b"goes on where it was" in process.stderr.read()
    assert holder(place / "home") is None
    kept = answer(place, "status")["jobs"][0]
    assert seen["jobs"][0]["done"] <= kept["done"] < MANY
    resumed = answer(place, "ingest", "photos")
    jobs = answer(place, "job", "list")
    assert resumed["state"] == "done"
    assert sum(job["computed"] for job in jobs) == MANY
