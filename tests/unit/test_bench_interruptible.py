import asyncio
import os
import signal
import time

import pytest

from sightline.cli.bench.serve import interruptible


async def gives(value):
    return value


def test_result_comes_back():
    assert interruptible.run(gives(3)) == 3


def test_error_comes_back():
    async def fails():
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        interruptible.run(fails())


@pytest.fixture
def heard():
    """What reaches the handler that was there before."""
    signals = []
    before = signal.signal(signal.SIGTERM, lambda number, _: signals.append(number))
    yield signals
    signal.signal(signal.SIGTERM, before)


def test_sigterm_cancels_the_work_and_is_an_interrupt(heard):
    ended = []

    async def works():
        try:
            os.kill(os.getpid(), signal.SIGTERM)
            await asyncio.sleep(20)
        finally:
            ended.append(True)

    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        interruptible.run(works())
    assert time.monotonic() - started < 10
    assert (ended, heard) == ([True], [])


def test_later_signals_reach_the_handler_that_was_there_before(heard):
    """A loop that closes leaves the default behind, which would end us before our children."""
    interruptible.run(gives(None))
    os.kill(os.getpid(), signal.SIGTERM)
    assert heard == [signal.SIGTERM]
