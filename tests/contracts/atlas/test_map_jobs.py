"""Jobs that draw maps: one computation at a time, stopped within a second, begun anew after any end."""

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from sightline.catalogue.database import Database
from sightline.domain.collections import Changeset
from sightline.domain.contents import as_hex
from sightline.domain.errors import InvalidRequestError, MapFailedError, StorageFullError
from sightline.domain.ledger import Lease
from sightline.domain.maps import MAP, MapOrder
from tests.atlases import NAME, at_work
from tests.cartography import QuickCartographer
from tests.postgres import PostgresServer
from tests.records import SPACE, content, item, removals, tasks
from tests.waiting import wait_until


def test_a_map_is_drawn_and_kept_with_what_is_known_of_it(tmp_path: Path) -> None:
    with at_work(tmp_path) as rig:
        rig.put(range(50))
        job = rig.drawn(MapOrder(neighbours=5, vocabulary=("boot",)))
        assert (job.kind, job.state, job.done, job.total) == (MAP, "done", 100, 100)
        kept = rig.record.maps.of(NAME)
        assert kept is not None
        assert (kept.points, kept.order.neighbours, kept.drawn.note) == (50, 5, "quick")
        points = rig.record.maps.points(NAME, kept.id)
        assert sorted(as_hex(points.contents)) == sorted(content(number) for number in range(50))
        vectors = rig.record.vectors(SPACE.fingerprint, as_hex(points.contents))
        expected = np.stack([vectors[name][:2] for name in as_hex(points.contents)])
        np.testing.assert_array_equal(points.places, expected)
        assert list(kept.drawn.outliers) == as_hex(points.contents[:1])
        assert sum(cluster.size for cluster in kept.clusters) == 50
        for cluster in kept.clusters:
            members = points.contents[points.clusters == cluster.number]
            mean = np.stack([vectors[name] for name in as_hex(members)]).mean(axis=0)
            nearest = sorted(as_hex(members), key=lambda name: -float(vectors[name] @ mean))
            assert list(cluster.representatives) == nearest[:5]
        (asked,) = rig.names.asked
        assert asked[2] == ["boot"]
        assert asked[1].size == 50
        assert sum(crowd.size for crowd in asked[0]) == 50


def test_a_map_is_drawn_and_followed_on_a_record_in_postgresql(
    tmp_path: Path, postgres: PostgresServer
) -> None:
    with (
        at_work(tmp_path, record_at=Database.at(postgres.new_database())) as rig,
        ThreadPoolExecutor(10) as threads,
    ):
        rig.put(range(20))
        rig.cartographer.gate.clear()
        jobs = set(threads.map(lambda _: rig.atlas.submit(NAME, MapOrder()).id, range(10)))
        rig.cartographer.gate.set()
        (job_id,) = jobs
        wait_until(lambda: rig.ledger.job(job_id).state == "done")
        before = rig.places()
        rig.put(range(20, 30))
        wait_until(rig.all_are_placed)
        assert {one: rig.places()[one] for one in before} == before


def test_ten_requests_at_once_are_one_computation(tmp_path: Path) -> None:
    with at_work(tmp_path) as rig, ThreadPoolExecutor(10) as threads:
        rig.put(range(20))
        rig.cartographer.gate.clear()
        jobs = list(threads.map(lambda _: rig.atlas.submit(NAME, MapOrder()).id, range(10)))
        assert len(set(jobs)) == 1
        rig.cartographer.gate.set()
        wait_until(lambda: rig.ledger.job(jobs[0]).state == "done")
        assert rig.cartographer.drawings == 1
        assert rig.atlas.submit(NAME, MapOrder()).id != jobs[0], "the next asks for another"


def test_progress_is_told_with_its_stage(tmp_path: Path) -> None:
    with at_work(tmp_path) as rig:
        rig.put(range(20))
        rig.cartographer.gate.clear()
        job = rig.atlas.submit(NAME, MapOrder())
        wait_until(lambda: rig.ledger.job(job.id).done > 0)
        wait_until(lambda: rig.speeds.stage(job.id) == "layout")
        assert 10 < rig.ledger.job(job.id).done < 60
        rig.cartographer.gate.set()
        wait_until(lambda: rig.ledger.job(job.id).state == "done")
        events = rig.ledger.events(job.id)
        assert [event.id for event in events] == list(range(1, len(events) + 1))
        assert events[-1].kind == "done"
        wait_until(lambda: rig.speeds.stage(job.id) is None)


@pytest.mark.parametrize("how", ["cancel", "pause"])
def test_a_job_that_is_stopped_ends_its_drawing_within_a_second(tmp_path: Path, how: str) -> None:
    with at_work(tmp_path) as rig:
        rig.put(range(20))
        rig.cartographer.gate.clear()
        job = rig.atlas.submit(NAME, MapOrder())
        wait_until(lambda: rig.speeds.stage(job.id) == "layout")
        getattr(rig.ledger, how)(job.id)
        assert rig.cartographer.given_up.wait(1)
        assert rig.record.maps.of(NAME) is None
        wait_until(lambda: not list((tmp_path / "maps" / NAME).glob("drawing-*")))
        rig.cartographer.gate.set()
        if how == "pause":
            rig.ledger.resume(job.id)
            wait_until(lambda: rig.ledger.job(job.id).state == "done")
            assert rig.record.maps.of(NAME) is not None
        else:
            assert rig.atlas.job(NAME) is None


class Late(QuickCartographer):
    """Does something when it has drawn."""

    def draw(self, folder, order, tell):  # type: ignore[no-untyped-def]
        drawn = super().draw(folder, order, tell)
        self.then()
        return drawn


def test_a_job_that_is_cancelled_right_before_its_map_is_kept_replaces_none(tmp_path: Path) -> None:
    late = Late()
    with at_work(tmp_path, cartographer=late) as rig:
        rig.put(range(20))
        late.then = lambda: rig.ledger.cancel(1)
        assert rig.drawn().state == "cancelled"
        wait_until(lambda: not list((tmp_path / "maps" / NAME).glob("drawing-*")))
        assert rig.record.maps.of(NAME) is None


def test_a_server_that_ends_leaves_the_job_to_the_next(tmp_path: Path) -> None:
    shut = QuickCartographer()
    shut.gate.clear()
    with at_work(tmp_path, cartographer=shut) as rig:
        rig.put(range(20))
        job = rig.atlas.submit(NAME, MapOrder())
        wait_until(lambda: rig.ledger.job(job.id).done > 0)
        began = time.monotonic()
        rig.atlas.close()
        assert time.monotonic() - began < 2
        assert rig.ledger.job(job.id).state == "running"
    with at_work(tmp_path) as rig:
        wait_until(lambda: rig.ledger.job(job.id).state == "done")
        assert rig.record.maps.of(NAME) is not None
        assert rig.cartographer.drawings == 1


def test_what_a_killed_server_left_is_swept(tmp_path: Path) -> None:
    left = tmp_path / "maps" / NAME / "drawing-abc"
    left.mkdir(parents=True)
    (left / "vectors.npy").write_bytes(b"half")
    of_nobody = tmp_path / "maps" / "gone" / "graph-1"
    of_nobody.mkdir(parents=True)
    with at_work(tmp_path):
        assert not left.exists()
        assert not of_nobody.exists()


def test_too_few_items_are_refused_and_too_few_contents_fail_the_job(tmp_path: Path) -> None:
    with at_work(tmp_path) as rig:
        rig.put(range(2))
        with pytest.raises(InvalidRequestError, match="needs 3 items"):
            rig.atlas.submit(NAME, MapOrder())
        rig.commit(Changeset(SPACE.fingerprint, [item(7, of=0), item(8, of=1)]))
        job = rig.drawn()
        assert (job.state, job.reason) == ("failed", "map_failed")
        assert "3 different" in str(job.message)


class Failing(QuickCartographer):
    def __init__(self, *errors: Exception) -> None:
        super().__init__()
        self.errors = list(errors)

    def draw(self, folder, order, tell):  # type: ignore[no-untyped-def]
        if self.errors:
            raise self.errors.pop(0)
        return super().draw(folder, order, tell)


@pytest.mark.parametrize(
    ("error", "reason"), [(MapFailedError("no"), "map_failed"), (KeyError("x"), "internal")]
)
def test_a_failure_fails_its_own_job_only(tmp_path: Path, error: Exception, reason: str) -> None:
    with at_work(tmp_path, cartographer=Failing(error)) as rig:
        rig.put(range(20))
        failed = rig.drawn()
        assert (failed.state, failed.reason) == ("failed", reason)
        assert rig.drawn().state == "done"


@pytest.mark.parametrize("error", [StorageFullError("full"), OSError(28, "No space left on device")])
def test_a_full_disk_pauses_the_job(tmp_path: Path, error: Exception) -> None:
    with at_work(tmp_path, cartographer=Failing(error)) as rig:
        rig.put(range(20))
        paused = rig.drawn()
        assert (paused.state, paused.reason) == ("paused", "storage_full")
        assert rig.atlas.submit(NAME, MapOrder()).id == paused.id
        rig.ledger.resume(paused.id)
        wait_until(lambda: rig.ledger.job(paused.id).state == "done")


def test_a_collection_deleted_while_its_map_is_drawn_leaves_nothing(tmp_path: Path) -> None:
    with at_work(tmp_path) as rig:
        rig.put(range(20))
        rig.cartographer.gate.clear()
        job = rig.atlas.submit(NAME, MapOrder())
        wait_until(lambda: rig.speeds.stage(job.id) == "layout")
        rig.record.retire(NAME)
        rig.atlas.forget(NAME)
        rig.views.end(NAME)
        assert rig.cartographer.given_up.wait(1)
        wait_until(lambda: not list((tmp_path / "maps").glob("*/*")))
    with at_work(tmp_path):
        pass


def test_items_that_leave_while_vectors_are_read_are_drawn_as_they_were(tmp_path: Path) -> None:
    """Their vectors stay until a sweep, and a point of nobody harms nobody."""
    with at_work(tmp_path) as rig:
        rig.put(range(20))
        rig.commit(removals(3))
        assert rig.drawn().state == "done"
        assert content(3) not in rig.places()


def test_jobs_of_other_kinds_are_left_to_others(tmp_path: Path) -> None:
    with at_work(tmp_path) as rig:
        rig.put(range(20))
        other = rig.ledger.create("ingest", NAME, {})
        rig.ledger.plan(other.id, tasks(5))
        assert rig.drawn().state == "done"
        assert rig.ledger.job(other.id).done == 0
        rig.cartographer.gate.clear()
        rig.atlas.submit(NAME, MapOrder())
        claimed: list[Lease | None] = [rig.ledger.claim("worker", kinds=["ingest"]) for _ in range(2)]
        assert [lease and lease.job_id for lease in claimed] == [other.id, None]
