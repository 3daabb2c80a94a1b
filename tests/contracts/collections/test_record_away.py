"""A record that is away is waited for, by the same process, and costs no more than the time."""

import time
from pathlib import Path

from tests.crashes.pictures import draw
from tests.libraries import ended, found_by_themselves, opened, order_of
from tests.postgres import PostgresServer
from tests.waiting import wait_until

COUNT = 1500
AWAY_S = 1.0
BACK_WITHIN_S = 40  # less than the lease of a shard that was in hand


def test_a_job_goes_on_when_its_record_is_back(tmp_path: Path, postgres: PostgresServer) -> None:
    draw(tmp_path / "photos", range(COUNT))
    with opened(tmp_path / "home", store=postgres.new_database()) as library:
        library.ensure("photos")
        ledger = library.ingestion.ledger
        job = library.ingestion.submit("photos", order_of(tmp_path / "photos"))
        wait_until(lambda: ledger.job(job.id).done > 0, 30)
        postgres.stop()
        time.sleep(AWAY_S)
        postgres.start()
        done = ended(library, job.id, BACK_WITHIN_S)
        assert (done.state, done.done, done.failed) == ("done", COUNT, 0)
        assert len(found_by_themselves(library)) == COUNT
