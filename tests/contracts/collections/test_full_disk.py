"""A full disk pauses a job, and no search; room again lets it go on."""

from pathlib import Path

from tests.small_disks import said_on_a_small_disk


def test_a_job_waits_for_room_while_searches_go_on(tmp_path: Path) -> None:
    said = said_on_a_small_disk(
        "tests.crashes.full_disk", tmp_path / "disk", tmp_path / "pictures", size_mb=64
    )
    assert said[-1:] == ["held"], said
