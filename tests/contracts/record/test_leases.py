"""The shards that one process holds, in a real ledger."""

from sightline.catalogue.database import Database
from sightline.catalogue.jobs import SqlLedger
from sightline.catalogue.record import SqlRecord
from sightline.domain.ledger import JobState, Lease
from sightline.services.collections.leases import Leases
from tests.records import SPACE, tasks


class Heard(SqlLedger):
    """A ledger that remembers whose heartbeats it took."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.beaten: list[int] = []

    def heartbeat(self, lease: Lease) -> JobState:
        state = super().heartbeat(lease)
        self.beaten.append(lease.job_id)
        return state


def test_a_heartbeat_goes_on_beside_a_job_that_was_deleted(tmp_path) -> None:
    """Its shard is the first that is held: those after it would be anybody's when their lease ends."""
    database = Database.in_folder(tmp_path)
    record, ledger = SqlRecord(database), Heard(database)
    jobs = []
    for name in ("deleted", "kept"):
        record.create(name, SPACE)
        jobs.append(ledger.plan(ledger.create("ingest", name, {}).id, tasks(3)).id)
    leases = Leases(ledger, "me", ["ingest"])
    assert [lease.job_id for lease in (leases.claim(), leases.claim()) if lease] == jobs
    leases.beat()
    assert ledger.beaten == jobs
    record.retire("deleted")
    leases.beat()
    assert ledger.beaten[-1] == jobs[1]
    record.delete("deleted")
    leases.beat()
    assert ledger.beaten[-2:] == [jobs[1], jobs[1]]
    database.close()
