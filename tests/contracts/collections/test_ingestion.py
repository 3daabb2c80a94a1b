"""Taking a folder in, with the real record, store and model."""

from pathlib import Path

import pytest

from sightline.domain.errors import SpaceMismatchError
from tests.libraries import (
    caught_up,
    ended,
    found_by_themselves,
    ingested,
    opened,
    order_of,
    write_pictures,
)
from tests.waiting import wait_until

COUNT = 150


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    write_pictures(folder, range(COUNT))
    return folder


def test_every_picture_of_a_folder_is_found_first_by_itself(tmp_path: Path, photos: Path) -> None:
    with opened(tmp_path / "home") as library:
        job = ingested(library, photos)
        assert (job.state, job.total, job.done, job.failed, job.computed) == ("done", COUNT, COUNT, 0, COUNT)
        assert found_by_themselves(library) == {f"{number:05d}.png" for number in range(COUNT)}
        assert library.describe("photos").collection.items == COUNT
        assert library.describe("photos").view.lag == 0


def test_a_second_ingestion_computes_nothing_and_a_new_file_costs_one(tmp_path: Path, photos: Path) -> None:
    with opened(tmp_path / "home") as library:
        ingested(library, photos)
        again = ingested(library, photos)
        assert (again.state, again.total, again.computed) == ("done", 0, 0)
        write_pictures(photos, range(COUNT, COUNT + 1), suffix="-new")
        (photos / f"{COUNT:05d}-new.png").rename(photos / "!first.png")
        one_more = ingested(library, photos)
        assert (one_more.total, one_more.done, one_more.computed) == (1, 1, 1)


def test_renamed_and_copied_pictures_cost_no_forward_pass(tmp_path: Path, photos: Path) -> None:
    with opened(tmp_path / "home") as library:
        ingested(library, photos)
        for path in sorted(photos.iterdir())[:100]:
            path.rename(path.with_name(f"renamed-{path.name}"))
        (photos / "copy.png").write_bytes((photos / "00120.png").read_bytes())
        job = ingested(library, photos)
        assert (job.state, job.total, job.computed) == ("done", 201, 0)  # 101 there, 100 gone
        assert library.describe("photos").collection.items == COUNT + 1
        caught_up(library)
        assert library.views.view("photos").count() == COUNT + 1


def test_a_broken_picture_is_noted_and_a_retry_touches_only_it(tmp_path: Path, photos: Path) -> None:
    broken = photos / "00003.png"
    whole = broken.read_bytes()
    broken.write_bytes(whole[:100])
    with opened(tmp_path / "home") as library:
        job = ingested(library, photos)
        assert (job.state, job.done, job.failed) == ("done", COUNT - 1, 1)
        [failure] = library.ingestion.ledger.failures(job.id)
        assert (failure.code, failure.attempts) == ("broken_image", 1)
        broken.write_bytes(whole)
        assert library.ingestion.retry(job.id) == 1
        wait_until(lambda: library.ingestion.ledger.job(job.id).failed == 0, 30)
        job = ended(library, job.id)
        assert (job.done, job.failed, job.computed) == (COUNT, 0, COUNT)


def test_what_is_gone_from_the_source_is_removed_but_an_empty_folder_removes_nothing(
    tmp_path: Path, photos: Path
) -> None:
    with opened(tmp_path / "home") as library:
        ingested(library, photos)
        (photos / "00000.png").unlink()
        ingested(library, photos)
        assert library.describe("photos").collection.items == COUNT - 1
        for path in photos.iterdir():
            path.unlink()
        ingested(library, photos)
        assert library.describe("photos").collection.items == COUNT - 1


def test_a_job_goes_on_after_a_restart_unasked(tmp_path: Path, photos: Path) -> None:
    with opened(tmp_path / "home") as library:
        library.ensure("photos")
        job = library.ingestion.submit("photos", order_of(photos))
    with opened(tmp_path / "home") as library:
        done = ended(library, job.id)
        assert (done.state, done.done, done.computed) == ("done", COUNT, COUNT)
        assert len(found_by_themselves(library)) == COUNT


def test_a_collection_of_another_model_is_refused_by_both_names(tmp_path: Path, photos: Path) -> None:
    with opened(tmp_path / "home") as library:
        ingested(library, photos)
    with opened(tmp_path / "home", five_crops=True) as library:
        with pytest.raises(SpaceMismatchError, match="served are mini"):
            library.ensure("photos")
        with pytest.raises(SpaceMismatchError, match=r"not of mini \("):
            library.ensure("photos", "mini")


@pytest.mark.parametrize("there", ["memory"])
def test_another_store_is_filled_without_a_forward_pass(tmp_path: Path, photos: Path, there: str) -> None:
    with opened(tmp_path / "home") as library:
        job = ingested(library, photos)
        caught_up(library)
        _, query = next(library.record.walk("photos"))
        before = library.views.view("photos").nearest(query, 10, exact=True)
        library.switch_store(there)
        after = library.views.view("photos").nearest(query, 10, exact=True)
        assert [one.item_id for one in before] == [one.item_id for one in after]
        assert library.ingestion.ledger.job(job.id).computed == COUNT
        assert library.describe("photos").store == there
