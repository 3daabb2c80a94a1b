"""Who takes an answer too slowly is left; whoever goes on taking it is not."""

import asyncio

import pytest

from sightline.web.reader import Reader

PATIENCE_S = 0.2
BYTES_PER_S = 10_000


class Line:
    """What is written waits until somebody takes it."""

    waiting_bytes = 0

    def waiting(self) -> int:
        return self.waiting_bytes


async def _left_after_s(
    taken_per_s: float, *, within_s: float = 1.0, hurried_to_s: float | None = None
) -> float | None:
    """When a reader who takes so much is given up; None if that is not within a time."""
    loop, line = asyncio.get_running_loop(), Line()
    given_up = loop.create_future()
    began = loop.time()
    reader = Reader(
        line.waiting,
        lambda: given_up.set_result(loop.time() - began),
        patience_s=PATIENCE_S,
        min_bytes_per_s=BYTES_PER_S,
    )
    line.waiting_bytes = 1_000_000
    reader.line_is_full()
    if hurried_to_s is not None:
        reader.hurry(hurried_to_s)
    while loop.time() < began + within_s and not given_up.done():
        await asyncio.sleep(0.01)
        line.waiting_bytes = int(1_000_000 - (loop.time() - began) * taken_per_s)
    reader.forget()
    return given_up.result() if given_up.done() else None


def left_after_s(taken_per_s: float, **how: float) -> float | None:
    return asyncio.run(_left_after_s(taken_per_s, **how))


def test_who_takes_nothing_is_left_when_patience_ends():
    assert left_after_s(0) == pytest.approx(PATIENCE_S, abs=0.1)


def test_who_takes_half_of_what_is_asked_is_left_later():
    assert left_after_s(BYTES_PER_S / 2) == pytest.approx(2 * PATIENCE_S, abs=0.15)


def test_who_takes_what_is_asked_may_take_long():
    assert left_after_s(1.5 * BYTES_PER_S) is None


def test_patience_is_less_when_the_server_ends():
    assert (left_after_s(0, hurried_to_s=0.02) or 1) < PATIENCE_S / 2


def test_a_fast_beginning_buys_no_long_stall():
    asyncio.run(_stall_after_a_fast_beginning())


async def _stall_after_a_fast_beginning():
    loop, line = asyncio.get_running_loop(), Line()
    given_up = loop.create_future()
    reader = Reader(
        line.waiting,
        lambda: given_up.set_result(None),
        patience_s=PATIENCE_S,
        min_bytes_per_s=BYTES_PER_S,
    )
    line.waiting_bytes = 1_000_000
    reader.line_is_full()
    line.waiting_bytes = 0
    reader.line_has_room()
    line.waiting_bytes = 1_000_000
    reader.line_is_full()
    await asyncio.wait_for(given_up, 5 * PATIENCE_S)
