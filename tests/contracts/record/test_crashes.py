"""A job outlives its process, whichever transaction that ends in."""

from pathlib import Path

import pytest

from tests.ledger_deaths import fail_at

# every transaction of a job that is worked, with what was written and not committed, and just committed
TRANSACTIONS = (
    "shape",
    "create",
    "job.create",
    "job.plan.begin",
    "job.plan.shard",
    "job.plan.end",
    "job.claim",
    "job.heartbeat",
    "job.settle",
    "job.release",
)


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("transaction", TRANSACTIONS)
def test_a_kill_around_a_commit_loses_and_doubles_nothing(
    tmp_path: Path, transaction: str, moment: str
) -> None:
    later = 2 if transaction in {"job.plan.shard", "job.claim", "job.settle"} else 1
    fail_at(str(tmp_path), 120, f"{transaction}.{moment}:{later}:kill")


def test_an_error_before_a_commit_leaves_nothing_behind(tmp_path: Path) -> None:
    fail_at(str(tmp_path), 120, "job.settle.before:3:raise")
