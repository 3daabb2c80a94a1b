"""Maps of a record that was restored from a backup, or whose files were harmed or found no room."""

import errno
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from sightline.services.atlas.folders import MapFolders
from sightline.services.atlas.sheets import Sheets
from tests.atlases import NAME, Rig, as_places, at_work
from tests.records import item
from tests.waiting import wait_until


class Full(MapFolders):
    """Has no room for what is to be kept. left: what it found of what was given up before."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.left: list[int] = []

    @contextmanager
    def growing(self, name: str, kept: str) -> Iterator[Path]:
        self.left.append(len(list(self.of(name).glob("*"))))
        with super().growing(name, kept) as folder:
            yield folder
            raise OSError(errno.ENOSPC, "No space left on device")


def bring(rig: Rig, stretched: int) -> None:
    """A map of places that are this many times as wide."""
    rig.atlas.bring(NAME, *as_places({item(number).id: (number * stretched, 0.0) for number in range(30)}))


def restore(home: Path, backup: Path) -> None:
    """The record alone: the folder of the maps stays as it is."""
    (home / "maps").mkdir(exist_ok=True)
    shutil.rmtree(backup / "maps", ignore_errors=True)
    shutil.move(home / "maps", backup / "maps")
    shutil.rmtree(home)
    shutil.move(backup, home)


def test_a_restored_record_gives_no_version_again(tmp_path: Path) -> None:
    home, backup = tmp_path / "home", tmp_path / "backup"
    with at_work(home) as rig:
        rig.put(range(30))
        bring(rig, 1)
    shutil.copytree(home, backup)
    with at_work(home) as rig:
        bring(rig, 2)
        before = Sheets(rig.record).newest(NAME)
    restore(home, backup)
    with at_work(home) as rig:
        bring(rig, 5)
        after = Sheets(rig.record).newest(NAME)
    assert before.map.id == after.map.id
    assert before.version != after.version
    assert len(after.version) < 60


def test_a_restored_record_without_a_new_map_gives_other_rows_another_version(tmp_path: Path) -> None:
    home, backup = tmp_path / "home", tmp_path / "backup"
    with at_work(home) as rig:
        rig.put(range(30))
        bring(rig, 1)
    shutil.copytree(home, backup)
    versions = []
    for number in (40, 41):
        with at_work(home) as rig:
            rig.put([number])
            wait_until(rig.all_are_placed)
            sheet = Sheets(rig.record).newest(NAME)
            assert sheet.unplaced == 0
            versions.append(sheet.version)
        if backup.exists():
            restore(home, backup)
    assert versions[0] != versions[1]


def test_a_restored_record_draws_its_next_map_beside_the_files_of_the_last(tmp_path: Path) -> None:
    home, backup = tmp_path / "home", tmp_path / "backup"
    with at_work(home) as rig:
        rig.put(range(30))
        assert rig.drawn().state == "done"
    shutil.copytree(home, backup)
    with at_work(home) as rig:
        assert rig.drawn().state == "done"
    restore(home, backup)
    with at_work(home) as rig:
        assert rig.drawn().state == "done"
        assert len(list((home / "maps" / NAME).glob("graph-*"))) == 1
        assert rig.atlas.graph(NAME) is not None


@pytest.mark.parametrize(("file", "left"), [("vectors", 100), ("vectors", 0), ("places.npy", 0)])
def test_landmarks_that_were_cut_short_are_made_anew(tmp_path: Path, file: str, left: int) -> None:
    with at_work(tmp_path) as rig:
        rig.put(range(30))
        assert rig.drawn().state == "done"
        rig.put([30])
        wait_until(rig.all_are_placed)
    (cut,) = (tmp_path / "maps" / NAME).glob(f"landmarks-*/{file}")
    cut.write_bytes(cut.read_bytes()[:left])
    with at_work(tmp_path) as rig:
        rig.put(range(31, 35))
        wait_until(rig.all_are_placed, 3)


def test_landmarks_that_find_no_room_leave_nothing_behind_each_time(tmp_path: Path) -> None:
    folders = Full(tmp_path / "maps")
    with at_work(tmp_path, folders=folders) as rig:
        rig.put(range(30))
        bring(rig, 1)
        for number in (30, 31, 32):
            rig.put([number])
            rig.atlas._follower.follow(NAME)  # the tries of minutes, at once
    assert len(folders.left) >= 3
    assert not any(folders.left)


def test_a_graph_that_finds_no_room_fails_no_job(tmp_path: Path) -> None:
    with at_work(tmp_path, folders=Full(tmp_path / "maps")) as rig:
        rig.put(range(30))
        assert rig.drawn().state == "done"
        assert rig.record.maps.of(NAME) is not None
        assert rig.atlas.graph(NAME) is None
