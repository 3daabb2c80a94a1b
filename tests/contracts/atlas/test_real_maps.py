"""A library of pictures, with the bundled model and a real drawing in a process of its own."""

import time
from pathlib import Path

from sightline.domain.maps import MapOrder
from tests.libraries import caught_up, ended, ingested, opened, write_pictures
from tests.waiting import wait_until

PICTURES = 40
DRAWING_S = 60


def all_are_placed(library, name="photos") -> bool:
    known = library.record.maps.of(name)
    contents = {item.sha256 for item in library.record.page(name)}
    return known is not None and known.points == len(contents)


def test_a_library_draws_its_map_and_places_what_comes_later(tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    write_pictures(folder, range(PICTURES))
    with opened(tmp_path / "home") as library:
        ingested(library, folder)
        job = library.atlas.submit("photos", MapOrder(algorithm="pca"))
        assert ended(library, job.id, DRAWING_S).state == "done"
        known = library.record.maps.of("photos")
        assert known is not None
        assert (known.points, known.drawn.algorithm) == (PICTURES, "pca")
        assert known.drawn.trustworthiness is not None
        assert library.atlas.graph("photos") is not None
        before = library.record.maps.points("photos", known.id)
        write_pictures(folder, range(PICTURES, PICTURES + 5))
        ingested(library, folder)
        caught_up(library)
        wait_until(lambda: all_are_placed(library), DRAWING_S)
        after = library.record.maps.points("photos", known.id)
        there = {
            row.tobytes(): place.tobytes() for row, place in zip(after.contents, after.places, strict=True)
        }
        for row, place in zip(before.contents, before.places, strict=True):
            assert there[row.tobytes()] == place.tobytes()
        library.delete("photos")
        wait_until(lambda: not (tmp_path / "home" / "maps" / "photos").exists())


def test_a_real_drawing_is_stopped_soon_and_begun_anew(tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    write_pictures(folder, range(PICTURES))
    with opened(tmp_path / "home") as library:
        ingested(library, folder)
        job = library.atlas.submit("photos", MapOrder())
        wait_until(lambda: library.ingestion.speeds.stage(job.id) is not None, DRAWING_S)
        began = time.monotonic()
        library.ingestion.pause(job.id)
        wait_until(lambda: not list((tmp_path / "home" / "maps").glob("*/drawing-*")))
        assert time.monotonic() - began < 3  # half a second on a quiet machine
        assert library.record.maps.of("photos") is None
        library.ingestion.resume(job.id)
        assert ended(library, job.id, DRAWING_S).state == "done"
        assert all_are_placed(library)
