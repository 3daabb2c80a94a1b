"""What is told of a source that is taken in, and what becomes of what came from it."""

from pathlib import Path

import pytest

from sightline.domain.errors import JobStateError, SourceError, UnknownJobError, UnknownServedModelError
from tests.libraries import caught_up, ended, ingested, opened, order_of, write_pictures
from tests.waiting import wait_until

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


def test_a_source_is_taken_out_and_searches_follow(tmp_path: Path, photos: Path) -> None:
    write_pictures(tmp_path / "others", range(50, 53))
    with opened(tmp_path / "home") as library:
        ingested(library, photos)
        ingested(library, tmp_path / "others")
        told = library.describe("photos")
        assert told.counts == {str(photos): COUNT, str(tmp_path / "others"): 3}
        assert library.remove_source("photos", str(photos)) == COUNT
        caught_up(library)
        assert library.views.view("photos").count() == 3
        again = ingested(library, photos)
        assert (again.done, again.computed) == (COUNT, 0)


def test_a_source_that_a_job_takes_in_is_not_taken_out(tmp_path: Path, photos: Path) -> None:
    with opened(tmp_path / "home") as library:
        library.ensure("photos")
        job = library.ingestion.submit("photos", order_of(photos))
        library.ingestion.pause(job.id)
        with pytest.raises(JobStateError, match=f"job {job.id} takes"):
            library.remove_source("photos", str(photos))


def test_what_failed_of_a_source_that_was_taken_out_is_not_tried_again(tmp_path: Path, photos: Path) -> None:
    (photos / "00000.png").write_bytes(b"no picture any more")
    with opened(tmp_path / "home") as library:
        job = ingested(library, photos)
        library.remove_source("photos", str(photos))
        with pytest.raises(JobStateError, match="was taken out since; to have it back, ingest it again"):
            library.ingestion.retry(job.id)
        assert library.describe("photos").sources == []
        again = ingested(library, photos)
        assert library.ingestion.retry(again.id) == 1


def test_a_folder_that_moved_costs_no_forward_pass_and_is_told_where_else_it_is(
    tmp_path: Path, photos: Path
) -> None:
    with opened(tmp_path / "home") as library:
        ingested(library, photos)
        moved = photos.rename(tmp_path / "moved")
        job = ingested(library, moved)
        assert (job.done, job.computed, job.scan["added"]) == (COUNT, 0, COUNT)
        assert library.record.shared("photos", str(moved)) == {str(photos): COUNT}


def test_a_collection_that_is_deleted_while_it_is_filled_ends_its_job_without_a_traceback(
    tmp_path: Path, photos: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write_pictures(photos, range(COUNT, 150))
    with opened(tmp_path / "home", max_batch_rows=1) as library:
        job = library.take_in("photos", order_of(photos))
        ledger = library.ingestion.ledger
        wait_until(lambda: ledger.job(job.id).done >= 1, 30)
        library.delete("photos")
        with pytest.raises(UnknownJobError):
            ledger.job(job.id)
        assert ingested(library, tmp_path / "photos", "again").state == "done"
    assert [record.getMessage() for record in caplog.records if record.exc_info] == []


def test_a_tables_types_and_encoding_reach_its_items_and_what_is_odd_is_kept_with_the_job(
    tmp_path: Path, photos: Path
) -> None:
    table = tmp_path / "photos" / "t.csv"
    rows = "".join(f"{n:05d}.png,grün,{price}\n" for n, price in enumerate(("7", "n/a", "8.5")))
    table.write_bytes(f"image,colour,price\n{rows}".encode("cp1252"))
    options = {"columns": {"types": {"price": "number"}}, "encoding": "cp1252"}
    with opened(tmp_path / "home") as library:
        with pytest.raises(SourceError, match="row 2 of the table"):
            library.take_in("shop", order_of(table))
        job = ended(library, library.take_in("shop", order_of(table, **options)).id)
        prices = [item.metadata.get("price") for item in library.record.page("shop")]
        assert {item.metadata["colour"] for item in library.record.page("shop")} == {"grün"}
    assert sorted(price for price in prices if isinstance(price, int | float)) == [7, 8.5]
    [remark] = job.scan["remarks"]
    assert "1 of 3 cells are not numbers, as 'n/a' in row 3" in remark
