"""What the ledger promises of jobs, on each database."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from sightline.catalogue.jobs import SqlLedger
from sightline.catalogue.record import SqlRecord
from sightline.domain.collections import Changeset
from sightline.domain.errors import (
    JobStateError,
    LeaseLostError,
    MissingVectorError,
    UnknownCollectionError,
    UnknownJobError,
)
from sightline.domain.ledger import MOVES, STATES, Job, Lease
from tests.records import SPACE, item, outcome, tasks

TASKS = 10
IN_SHARD = 4


@pytest.fixture
def job(ledger: SqlLedger) -> Job:
    """Running: ten tasks in shards of four, four and two."""
    made = ledger.create("ingest", "shoes", {"source": "pictures"})
    return ledger.plan(made.id, tasks(TASKS), shard_tasks=IN_SHARD)


def claimed(ledger: SqlLedger, **how: float) -> Lease:
    lease = ledger.claim("me", **how)
    assert lease is not None
    return lease


def finish(ledger: SqlLedger, *, failing: tuple[int, ...] = ()) -> None:
    while lease := ledger.claim("me"):
        ledger.settle(lease, outcome(lease, failing=failing))


def test_a_job_is_planned_worked_and_done(ledger: SqlLedger, record: SqlRecord, job: Job) -> None:
    assert (job.state, job.total, job.done) == ("running", TASKS, 0)
    sizes = []
    while lease := ledger.claim("me"):
        sizes.append(len(lease.tasks))
        assert ledger.settle(lease, outcome(lease)) is None
    ended = ledger.job(job.id)
    assert sizes == [4, 4, 2]
    assert (ended.state, ended.done, ended.failed, ended.computed) == ("done", TASKS, 0, TASKS)
    assert ended.finished_at is not None
    assert [one.id for one in record.page("shoes")] == [item(number).id for number in range(TASKS)]


def test_events_count_up_without_gaps_and_end_with_done(ledger: SqlLedger, job: Job) -> None:
    finish(ledger, failing=(3,))
    told = ledger.events(job.id)
    assert [event.id for event in told] == [1, 2, 3, 4, 5, 6]
    assert [event.kind for event in told] == [
        "created",
        "running",
        "progress",
        "progress",
        "progress",
        "done",
    ]
    assert told[2].data == {"done": 3, "failed": 1, "computed": 3, "total": TASKS}
    assert ledger.events(job.id, after=4) == told[4:]


def test_a_job_without_tasks_is_done_at_once(ledger: SqlLedger, record: SqlRecord) -> None:
    made = ledger.create("ingest", "shoes", {})
    assert ledger.plan(made.id, []).state == "done"


def test_a_shard_is_settled_from_the_front(ledger: SqlLedger, record: SqlRecord, job: Job) -> None:
    lease = claimed(ledger)
    rest = ledger.settle(lease, outcome(lease, 3))
    assert rest is not None
    assert [task.id for task in rest.tasks] == [item(3).id]
    assert ledger.job(job.id).done == 3
    with pytest.raises(LeaseLostError):  # the same work twice would be counted twice
        ledger.settle(lease, outcome(lease, 3))
    assert ledger.settle(rest, outcome(rest)) is None
    assert ledger.job(job.id).done == 4


def test_what_is_given_back_is_leased_again_without_what_was_settled(ledger: SqlLedger, job: Job) -> None:
    lease = claimed(ledger)
    rest = ledger.settle(lease, outcome(lease, 1))
    assert rest is not None
    ledger.release(rest)
    again = claimed(ledger)
    assert again.shard_id == lease.shard_id
    assert again.tasks == lease.tasks[1:]
    assert again.attempt == 2


def test_a_leased_shard_is_not_leased_to_another(ledger: SqlLedger, job: Job) -> None:
    held = [ledger.claim("me") for _ in range(4)]
    assert held[3] is None
    assert len({lease.shard_id for lease in held if lease}) == 3


def test_an_expired_lease_goes_to_the_next_and_its_work_is_refused(ledger: SqlLedger, job: Job) -> None:
    late = claimed(ledger, lasts_s=0.0)
    again = claimed(ledger)
    assert again.tasks == late.tasks
    with pytest.raises(LeaseLostError):
        ledger.settle(late, outcome(late))
    with pytest.raises(LeaseLostError):
        ledger.heartbeat(late)
    ledger.release(late)  # and takes nothing from who has it now
    ledger.settle(again, outcome(again))
    assert ledger.job(job.id).done == 4


def test_an_expired_lease_that_nobody_took_is_still_good(ledger: SqlLedger, job: Job) -> None:
    lease = claimed(ledger, lasts_s=0.0)
    assert ledger.settle(lease, outcome(lease)) is None


def test_a_lease_from_before_the_clock_began_anew_holds_nothing(ledger: SqlLedger, job: Job) -> None:
    """After a restart of the machine the kernel's clock is behind every lease that was given."""
    lease = claimed(ledger, lasts_s=1e9)
    assert claimed(ledger, lasts_s=60.0).shard_id == lease.shard_id


def test_a_heartbeat_holds_a_lease_and_tells_the_state(ledger: SqlLedger, job: Job) -> None:
    lease = claimed(ledger, lasts_s=0.0)
    assert ledger.heartbeat(replace(lease, lasts_s=60.0)) == "running"
    assert claimed(ledger).shard_id != lease.shard_id
    ledger.pause(job.id)
    assert ledger.heartbeat(lease) == "paused"


def test_the_owner_of_a_folder_gives_back_what_the_dead_one_held(ledger: SqlLedger, job: Job) -> None:
    lease = claimed(ledger)
    assert ledger.release_all() == 1
    assert claimed(ledger).shard_id == lease.shard_id


def test_of_a_record_that_several_work_on_each_gives_back_its_own(ledger: SqlLedger, job: Job) -> None:
    mine, theirs = ledger.claim("here:/data"), ledger.claim("there:/data")
    assert mine is not None
    assert theirs is not None
    assert ledger.release_all("here:/data") == 1
    assert claimed(ledger).shard_id == mine.shard_id
    assert ledger.heartbeat(theirs) == "running"


def test_failures_are_kept_and_retried_also_in_done_shards(ledger: SqlLedger, job: Job) -> None:
    finish(ledger, failing=(1, 9))
    ended = ledger.job(job.id)
    assert (ended.state, ended.done, ended.failed) == ("done", 8, 2)
    assert [(f.task_id, f.code, f.attempts) for f in ledger.failures(job.id)] == [
        ("item-00001", "broken_image", 1),
        ("item-00009", "broken_image", 1),
    ]
    assert ledger.retry(job.id) == 2
    assert (ledger.job(job.id).state, ledger.job(job.id).failed) == ("running", 0)
    assert ledger.retry(job.id) == 0
    lease = claimed(ledger)
    assert [task.id for task in lease.tasks] == ["item-00001", "item-00009"]
    ledger.settle(lease, outcome(lease, failing=(9,)))
    ended = ledger.job(job.id)
    assert (ended.state, ended.done, ended.failed) == ("done", 9, 1)
    assert [(f.task_id, f.attempts) for f in ledger.failures(job.id)] == [("item-00009", 2)]


def test_settling_is_whole_or_nothing(ledger: SqlLedger, record: SqlRecord, job: Job) -> None:
    lease = claimed(ledger)
    with pytest.raises(MissingVectorError):
        ledger.settle(lease, replace(outcome(lease), changes=Changeset(SPACE.fingerprint, [item(0)])))
    assert record.page("shoes") == []
    assert ledger.job(job.id).done == 0
    assert ledger.settle(lease, outcome(lease)) is None


def test_a_paused_job_leases_nothing_and_takes_what_was_in_hand(ledger: SqlLedger, job: Job) -> None:
    lease = claimed(ledger)
    paused = ledger.pause(job.id, reason="storage_full", message="the disk is full")
    assert (paused.state, paused.reason, paused.message) == ("paused", "storage_full", "the disk is full")
    assert ledger.claim("me") is None
    ledger.settle(lease, outcome(lease))
    assert ledger.job(job.id).done == 4
    resumed = ledger.resume(job.id)
    assert (resumed.state, resumed.reason) == ("running", None)
    finish(ledger)
    assert ledger.job(job.id).state == "done"


def test_a_job_paused_while_it_was_planned_is_planned_again(ledger: SqlLedger, record: SqlRecord) -> None:
    made = ledger.create("ingest", "shoes", {})

    def tasks_with_a_pause():  # type: ignore[no-untyped-def]
        yield from tasks(6)
        ledger.pause(made.id)
        yield from tasks(6)

    with pytest.raises(JobStateError, match="paused"):
        ledger.plan(made.id, tasks_with_a_pause(), shard_tasks=2)
    assert ledger.claim("me") is None
    assert ledger.resume(made.id).state == "planning"
    assert ledger.claim("me") is None
    assert ledger.plan(made.id, tasks(4), shard_tasks=2).total == 4
    finish(ledger)
    assert ledger.job(made.id).done == 4


def test_a_cancelled_job_takes_no_more_work(ledger: SqlLedger, record: SqlRecord, job: Job) -> None:
    lease = claimed(ledger)
    ledger.cancel(job.id)
    with pytest.raises(LeaseLostError, match="cancelled"):
        ledger.settle(lease, outcome(lease))
    assert ledger.claim("me") is None
    assert record.page("shoes") == []
    with pytest.raises(JobStateError):
        ledger.retry(job.id)


def test_a_failed_job_says_why_and_can_be_resumed(ledger: SqlLedger, job: Job) -> None:
    failed = ledger.fail(job.id, reason="missing_file", message="the folder is gone")
    assert (failed.state, failed.reason) == ("failed", "missing_file")
    assert ledger.unfinished() == []
    assert ledger.resume(job.id).state == "running"
    assert [one.id for one in ledger.unfinished()] == [job.id]


def test_no_move_outside_the_table_is_made(ledger: SqlLedger, record: SqlRecord) -> None:
    """Each state is entered in its own way; from there each other is asked for."""
    enter = {
        "planning": lambda _: None,
        "running": lambda job_id: ledger.plan(job_id, tasks(1)),
        "paused": ledger.pause,
        "done": lambda job_id: ledger.plan(job_id, []),
        "failed": lambda job_id: ledger.fail(job_id, reason="x", message="y"),
        "cancelled": ledger.cancel,
    }
    ask = {name: enter[name] for name in ("paused", "failed", "cancelled")}
    for before in STATES:
        for after, move in ask.items():
            job_id = ledger.create("ingest", "shoes", {}).id
            enter[before](job_id)
            if after in MOVES[before]:
                move(job_id)
                assert ledger.job(job_id).state == after
            else:
                with pytest.raises(JobStateError, match=before):
                    move(job_id)
                assert ledger.job(job_id).state == before


def test_the_oldest_job_goes_first(ledger: SqlLedger, job: Job) -> None:
    second = ledger.create("ingest", "shoes", {})
    ledger.plan(second.id, tasks(1))
    leases = [claimed(ledger) for _ in range(4)]
    assert [lease.job_id for lease in leases] == [job.id] * 3 + [second.id]
    assert [one.id for one in ledger.jobs("shoes")] == [second.id, job.id]
    assert ledger.jobs("hats") == []


def test_jobs_go_with_their_collection(ledger: SqlLedger, record: SqlRecord, job: Job) -> None:
    record.retire("shoes")
    assert ledger.claim("me") is None
    assert ledger.unfinished() == []
    record.delete("shoes")
    with pytest.raises(UnknownJobError):
        ledger.job(job.id)
    with pytest.raises(UnknownCollectionError):
        ledger.create("ingest", "shoes", {})


def test_what_is_not_there_is_said_so(ledger: SqlLedger) -> None:
    for ask in (ledger.job, ledger.events, ledger.failures, ledger.pause, ledger.cancel, ledger.retry):
        with pytest.raises(UnknownJobError, match="no job 77"):
            ask(77)


def test_many_workers_settle_every_task_once(ledger: SqlLedger, record: SqlRecord) -> None:
    made = ledger.create("ingest", "shoes", {})
    ledger.plan(made.id, tasks(120), shard_tasks=8)

    def work(name: str) -> None:
        while lease := ledger.claim(name):
            open_lease: Lease | None = lease
            while open_lease:
                open_lease = ledger.settle(open_lease, outcome(open_lease, 3))

    workers = [threading.Thread(target=work, args=(f"w{number}",)) for number in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    ended = ledger.job(made.id)
    assert (ended.state, ended.done, ended.failed, ended.computed) == ("done", 120, 0, 120)
    assert record.collection("shoes").head == 120
    told = ledger.events(made.id)
    assert [event.id for event in told] == list(range(1, len(told) + 1))


def test_a_worker_is_given_jobs_of_its_kinds_only(ledger: SqlLedger, job: Job) -> None:
    other = ledger.create("map", "shoes", {})
    ledger.plan(other.id, tasks(3))
    assert ledger.claim("me", kinds=["none"]) is None
    mine = ledger.claim("me", kinds=["map"])
    assert mine is not None
    assert mine.job_id == other.id
    theirs = [ledger.claim("them", kinds=["ingest", "re-embed"]) for _ in range(4)]
    assert [lease and lease.job_id for lease in theirs] == [job.id] * 3 + [None]


def test_a_sole_job_is_made_once_however_many_ask(ledger: SqlLedger, record: SqlRecord) -> None:
    record.create("boots", SPACE)
    ledger.create("ingest", "shoes", {})
    with ThreadPoolExecutor(8) as threads:
        made = list(threads.map(lambda _: ledger.create("map", "shoes", {}, is_sole=True).id, range(16)))
    assert len(set(made)) == 1
    assert ledger.create("map", "boots", {}, is_sole=True).id != made[0]
    ledger.pause(made[0])
    assert ledger.create("map", "shoes", {}, is_sole=True).id == made[0]
    ledger.cancel(made[0])
    assert ledger.create("map", "shoes", {}, is_sole=True).id != made[0]
