"""What is told of a source that is taken in, and what becomes of what came from it."""

from pathlib import Path

import pytest

from sightline.domain.errors import SourceError, UnknownServedModelError
from tests.libraries import ended, ingested, opened, order_of, write_pictures

COUNT = 8
NOTHING = dict.fromkeys(("found", "added", "changed", "moved", "unchanged", "removed", "kept"), 0)


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    write_pictures(folder, range(COUNT))
    return folder


def test_a_job_keeps_what_its_scan_found_and_left_out(tmp_path: Path, photos: Path) -> None:
    (photos / "notes.txt").write_text("no picture")
    (photos / "away.jpg").symlink_to("/etc/hostname")
    with opened(tmp_path / "home") as library:
        first = ingested(library, photos)
        left_out = {"files of other kinds": 1, "links": 1}
        found = {**NOTHING, "found": COUNT, "added": COUNT}
        assert first.scan == {**found, "left_out": left_out, "remarks": []}
        (photos / "00000.png").rename(photos / "moved.png")
        (photos / "00001.png").unlink()
        (photos / "00002.png").write_bytes((photos / "00003.png").read_bytes() + b"\0")
        write_pictures(photos, range(100, 102))
        again = ingested(library, photos)
    counts = {"found": 9, "added": 2, "changed": 1, "moved": 1, "unchanged": 5, "removed": 1, "kept": 0}
    assert again.scan == {**counts, "left_out": left_out, "remarks": []}


def test_an_empty_source_keeps_what_there_is_and_says_so(tmp_path: Path, photos: Path) -> None:
    with opened(tmp_path / "home") as library:
        ingested(library, photos)
        for path in photos.iterdir():
            path.rename(path.with_suffix(".txt"))
        emptied = ingested(library, photos)
    assert (emptied.state, emptied.scan["found"], emptied.scan["kept"]) == ("done", 0, COUNT)
    assert emptied.scan["left_out"] == {"files of other kinds": COUNT}


def test_a_source_without_a_picture_makes_no_collection_and_is_told_with_what_it_has(tmp_path: Path) -> None:
    (tmp_path / "papers").mkdir()
    (tmp_path / "papers" / "notes.txt").write_text("no picture")
    with opened(tmp_path / "home") as library:
        with pytest.raises(SourceError, match="left out: 1 files of other kinds"):
            library.take_in("papers", order_of(tmp_path / "papers"))
        with pytest.raises(SourceError, match="nowhere"):
            library.take_in("papers", order_of(tmp_path / "nowhere"))
        with pytest.raises(UnknownServedModelError):
            library.take_in("papers", order_of(tmp_path / "papers"), "another")
        assert library.record.collections() == []


def test_a_source_with_a_picture_makes_the_collection(tmp_path: Path, photos: Path) -> None:
    with opened(tmp_path / "home") as library:
        job = library.take_in("photos", order_of(photos))
        assert ended(library, job.id).done == COUNT
