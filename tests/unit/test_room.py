"""Room for work by weight: the bound, the order, and what failing or interrupted work leaves behind."""

import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sightline.services.room import Room

PATIENCE_S = 10


class Guest:
    """A thread that holds some of a room until told to leave."""

    def __init__(self, room: Room, weight: int) -> None:
        self.is_in = threading.Event()
        self._leave = threading.Event()
        self._room, self._weight = room, weight
        self._thread = threading.Thread(target=self._stay, daemon=True)
        self._thread.start()

    def leave(self) -> None:
        self._leave.set()
        self._thread.join(PATIENCE_S)

    def _stay(self) -> None:
        with self._room.hold(self._weight):
            self.is_in.set()
            assert self._leave.wait(PATIENCE_S)


def entered(guest: Guest) -> bool:
    return guest.is_in.wait(PATIENCE_S)


def wait_for(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.001)


def queued(room: Room, weight: int) -> Guest:
    """A guest that came after all the others, and stands in the queue or is in."""
    before = room.waiting
    guest = Guest(room, weight)
    wait_for(lambda: room.waiting > before or guest.is_in.is_set())
    return guest


def test_what_fits_enters_at_once_and_what_does_not_waits() -> None:
    room = Room(100)
    first, second = queued(room, 60), queued(room, 40)
    assert entered(first)
    assert entered(second)
    third = queued(room, 1)
    assert not third.is_in.is_set()
    second.leave()
    assert entered(third)
    for guest in (first, third):
        guest.leave()
    assert room.held == 0


def test_light_ones_do_not_overtake_a_heavy_one() -> None:
    room = Room(100)
    inside, heavy, light = queued(room, 50), queued(room, 90), queued(room, 10)
    assert entered(inside)
    assert not light.is_in.is_set()  # though there is room for it
    inside.leave()
    assert entered(heavy)
    assert entered(light)
    heavy.leave()
    light.leave()


def test_what_is_heavier_than_the_room_is_let_in_alone() -> None:
    room = Room(100)
    inside, giant, behind = queued(room, 1), queued(room, 500), queued(room, 1)
    assert not giant.is_in.is_set()
    inside.leave()
    assert entered(giant)
    assert not behind.is_in.is_set()
    giant.leave()
    assert entered(behind)
    behind.leave()


def test_room_is_given_back_when_the_work_fails() -> None:
    room = Room(100)
    with pytest.raises(ValueError, match="work"), room.hold(100):
        raise ValueError("work")
    with room.hold(100):
        assert room.held == 100


def test_who_is_interrupted_while_waiting_leaves_the_queue() -> None:
    """As by Ctrl-C, which reaches the main thread."""
    room = Room(100)
    inside = queued(room, 100)
    assert entered(inside)
    behind: list[Guest] = []

    def interrupt() -> None:
        wait_for(lambda: room.waiting == 1)
        behind.append(queued(room, 60))
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    with pytest.raises(KeyboardInterrupt), room.hold(50):
        pass
    thread.join(PATIENCE_S)
    inside.leave()
    assert entered(behind[0])
    behind[0].leave()
    assert room.held == 0


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 50), st.lists(st.integers(0, 80), max_size=60))
def test_the_limit_is_never_passed_but_by_one_alone(limit: int, weights: list[int]) -> None:
    room = Room(limit)
    inside: list[int] = []
    lock = threading.Lock()
    faults: list[list[int]] = []

    def work(weight: int) -> None:
        with room.hold(weight):
            with lock:
                inside.append(weight)
                taking = [one for one in inside if one]
                if sum(taking) > limit and len(taking) > 1:
                    faults.append(taking)
            time.sleep(0)
            with lock:
                inside.remove(weight)

    with ThreadPoolExecutor(8) as pool:
        for done in [pool.submit(work, weight) for weight in weights]:
            done.result(PATIENCE_S)
    assert not faults
    assert room.held == 0
