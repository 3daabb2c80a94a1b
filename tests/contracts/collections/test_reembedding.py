"""Giving a collection the vectors of another model: what its end says and does."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sightline.domain.collections import Space
from sightline.domain.errors import JobStateError
from sightline.domain.ledger import Job
from sightline.models.synthesize import synthesize
from sightline.services.collections.library import Library, space_of
from tests.libraries import ended, ingested, opened, write_pictures
from tests.waiting import wait_until

COUNT = 6


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    write_pictures(tmp_path / "photos", range(COUNT))
    return tmp_path / "photos"


@pytest.fixture
def library(tmp_path: Path, photos: Path) -> Iterator[Library]:
    """Of pictures taken in with mini, where `other` is served too."""
    synthesize("dinov2-small", tmp_path / "other", layers=1)
    with opened(tmp_path / "home", models=("mini", str(tmp_path / "other"))) as library:
        ingested(library, photos)
        yield library


def space(library: Library, name: str) -> Space:
    [served] = [one for one in library.served.names if one.endswith(name)]
    return space_of(library.served.get(served).model)


def reembedded(library: Library, model: str = "other", *, drops_unreadable: bool = False) -> Job:
    asked = library.ingestion.reembed("photos", space(library, model), drops_unreadable=drops_unreadable)
    return concluded(library, asked.id)


def concluded(library: Library, number: int) -> Job:
    ledger = library.ingestion.ledger
    ended(library, number)
    wait_until(lambda: ledger.job(number).reason is not None, 20)
    return ledger.job(number)


def bound(library: Library) -> str:
    return library.record.space("photos").model


def test_a_reembed_that_ends_well_says_which_model_is_in_force(library: Library) -> None:
    job = reembedded(library)
    assert (job.reason, job.message) == ("space_switched", "photos is searched with other from now on")
    assert bound(library) == "other"


def test_a_reembed_with_a_failure_says_that_the_model_stays_and_what_to_do(
    library: Library, photos: Path
) -> None:
    gone = (photos / "00002.png").read_bytes()
    (photos / "00002.png").unlink()
    job = reembedded(library)
    assert (job.state, job.failed, job.reason, bound(library)) == ("done", 1, "space_kept", "mini")
    assert job.message is not None
    assert "photos is still searched with mini: 1 item has no vector of other; put it back" in job.message
    assert f"`sightline retry {job.id}`" in job.message
    (photos / "00002.png").write_bytes(gone)
    library.ingestion.retry(job.id)
    wait_until(lambda: library.ingestion.ledger.job(job.id).reason == "space_switched", 20)
    assert bound(library) == "other"


def test_what_is_no_longer_in_the_collection_leaves_the_failures_when_it_is_retried(
    library: Library, photos: Path
) -> None:
    (photos / "00002.png").unlink()
    job = reembedded(library)
    [failure] = library.ingestion.ledger.failures(job.id)
    library.remove("photos", [failure.task_id])
    library.ingestion.retry(job.id)
    wait_until(lambda: library.ingestion.ledger.job(job.id).reason == "space_switched", 20)
    assert library.ingestion.ledger.job(job.id).failed == 0


def test_what_is_taken_out_is_named_and_no_failure(library: Library, photos: Path) -> None:
    (photos / "00002.png").unlink()
    job = reembedded(library, drops_unreadable=True)
    assert (job.done, job.failed, job.total) == (COUNT, 0, COUNT)
    assert job.message is not None
    assert job.message.startswith("1 item is taken out: ")
    assert job.message.endswith("00002.png; photos is searched with other from now on")
    assert library.ingestion.ledger.failures(job.id) == []
    assert library.describe("photos").collection.items == COUNT - 1


def test_an_older_reembed_is_not_tried_again_against_a_newer_one(library: Library, photos: Path) -> None:
    gone = (photos / "00002.png").read_bytes()
    (photos / "00002.png").unlink()
    old = reembedded(library)
    (photos / "00002.png").write_bytes(gone)
    new = reembedded(library, "mini")
    for again in (library.ingestion.retry, library.ingestion.resume):
        with pytest.raises(
            JobStateError, match=f"job {new.id} embedded photos anew since; ask for a re-embed"
        ):
            again(old.id)
    assert bound(library) == "mini"
