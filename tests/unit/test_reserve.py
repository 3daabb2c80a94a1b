"""The room kept back for a full disk: taken for real, given when needed, a sign of room when it is back."""

from pathlib import Path

from sightline.catalogue.reserve import FILE_NAME, Reserve

SIZE = 1 << 20


def test_the_room_is_taken_not_only_promised(tmp_path: Path) -> None:
    assert Reserve(tmp_path, SIZE).keep()
    status = (tmp_path / FILE_NAME).stat()
    assert status.st_size == SIZE
    assert status.st_blocks * 512 >= SIZE  # a file with holes would hold nothing


def test_what_was_spent_can_be_kept_again(tmp_path: Path) -> None:
    reserve = Reserve(tmp_path, SIZE)
    reserve.keep()
    reserve.spend()
    reserve.spend()
    assert not (tmp_path / FILE_NAME).exists()
    assert reserve.keep()


def test_a_disk_without_the_room_is_left_as_it_was(tmp_path: Path) -> None:
    assert not Reserve(tmp_path, 1 << 60).keep()
    assert not (tmp_path / FILE_NAME).exists()
