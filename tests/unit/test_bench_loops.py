import asyncio
import itertools
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.cli.bench.serve.exchange import Answer
from sightline.cli.bench.serve.loops import Crowd, Sender, arrivals
from sightline.cli.bench.serve.shapes import Envelope
from sightline.cli.bench.serve.traffic import Sent

SENT = Sent(Envelope("/", "text/plain", b"", b"", b"", b"", takes_lists=False), [b"body"], 1)


def crowd(**changes):
    usual = {"clients": 1, "seconds": 0.5, "warm_up_s": 0.0, "timeout_s": 5.0, "leaving": 0.0, "seed": 0}
    return Crowd(**{**usual, **changes})


@given(st.floats(0.1, 10_000), st.integers(0, 2**32))
def test_arrivals_go_forward_and_come_again_for_the_same_seed(rate, seed):
    first, again = (list(itertools.islice(arrivals(rate, seed), 50)) for _ in range(2))
    assert first == again == sorted(first)


@given(st.floats(1, 1000), st.integers(0, 1000))
def test_arrivals_are_a_poisson_process(rate, seed):
    """So many a second, and gaps whose deviation is their mean: neither a clock's nor bursts."""
    times = [0.0, *itertools.islice(arrivals(rate, seed), 4000)]
    gaps = [later - sooner for sooner, later in itertools.pairwise(times)]
    mean = sum(gaps) / len(gaps)
    deviation = (sum((gap - mean) ** 2 for gap in gaps) / len(gaps)) ** 0.5
    assert mean == pytest.approx(1 / rate, rel=0.1)
    assert deviation / mean == pytest.approx(1, abs=0.15)


class Row:
    """Requests; making one of them takes hold_s and stops the whole loop, as a busy machine does."""

    def __init__(self, hold_at=None, hold_s=0.0):
        self._numbers = itertools.count()
        self._hold_at = hold_at
        self._hold_s = hold_s

    def next(self):
        if next(self._numbers) == self._hold_at:
            time.sleep(self._hold_s)
        return SENT


class Server:
    """Answers at once, or after a time."""

    def __init__(self, after_s=0.0):
        self._after_s = after_s
        self.under_way = self.most = 0

    async def exchange(self, pieces):
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        try:
            await asyncio.sleep(self._after_s)
        finally:
            self.under_way -= 1
        return Answer(200, time.perf_counter())


def sender(server, row=None, **changes):
    return Sender(server, row or Row(), lambda sent: b"head", crowd=crowd(**changes))


def test_open_loop_counts_the_time_that_it_was_late_itself():
    """Otherwise the requests that a pause delays would look as quick as those it does not."""

    async def load():
        return await sender(Server(), Row(hold_at=20, hold_s=0.3), seconds=0.6).open_loop(200)

    tally = asyncio.run(load())
    assert max(tally.ok_s) > 0.25
    assert sum(latency > 0.1 for latency in tally.ok_s) > 15, "all that were due in the pause"
    assert max(tally.lateness_s) > 0.25


def test_open_loop_goes_on_while_nothing_is_answered():
    async def load():
        server = Server(after_s=0.4)
        return server, await sender(server).open_loop(100)

    server, tally = asyncio.run(load())
    assert server.most > 20
    assert sum(tally.statuses.values()) == pytest.approx(50, abs=25)


def test_closed_loop_has_as_many_requests_under_way_as_clients():
    async def load():
        server = Server(after_s=0.02)
        return server, await sender(server, clients=7).closed_loop()

    server, tally = asyncio.run(load())
    assert server.most == 7
    assert 7 * 10 < tally.statuses[200] <= 7 * 25


def test_client_gives_up_some_time_after_the_deadline():
    async def load():
        server = Server(after_s=30)
        return server, await sender(server, timeout_s=0.1, seconds=0.1, clients=2).closed_loop()

    started = time.monotonic()
    server, tally = asyncio.run(load())
    assert 1.1 <= time.monotonic() - started < 5
    assert tally.failures == {"gave up": 2}
    assert server.under_way == 0


def test_the_share_that_leaves_hangs_up_before_the_answer():
    async def load():
        server = Server(after_s=0.05)
        return server, await sender(server, clients=8, seconds=1.0, leaving=0.5).closed_loop()

    server, tally = asyncio.run(load())
    assert server.under_way == 0
    left, answered = tally.failures["hung up"], tally.statuses[200]
    # of those that mean to leave within twice the usual time, about half have their answer before
    assert 0.1 < left / (left + answered) < 0.5
