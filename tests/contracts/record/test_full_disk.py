"""A full disk stops what is written, and nothing else."""

from pathlib import Path

from tests.small_disks import said_on_a_small_disk


def test_a_full_disk_leaves_the_record_whole_readable_and_pausable(tmp_path: Path) -> None:
    said = said_on_a_small_disk("tests.full_disk", tmp_path, size_mb=40)
    assert said[-1:] == ["held"], said
    assert any("the disk of the record is full" in line for line in said)


def test_a_full_disk_keeps_nothing_of_an_upload(tmp_path: Path) -> None:
    said = said_on_a_small_disk("tests.upload_full_disk", tmp_path, size_mb=32)
    assert said[-1:] == ["held"], said
    assert any("the disk of the record is full" in line for line in said)
