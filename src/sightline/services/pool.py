"""Threads that prepare, and whose turn it is among what waits for them. Does not know what is prepared."""

import os
import sys
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from sightline.domain.errors import NotReadyError
from sightline.services.jobs import LANES, Lane
from sightline.services.turns import Turns

NICENESS = 10  # 5 and 19 were slower: starved, a decoder holds up the next batch

Task = Callable[[], None]


class LanePool:
    """A pool of threads in which lanes take turns. threads: as many as cores unless told.

    yields: let forwards go first where both share the cores.
    """

    def __init__(self, threads: int | None = None, *, yields: bool = True) -> None:
        self.threads = threads or os.cpu_count() or 1
        self._pool = preparation_pool(self.threads) if yields else ThreadPoolExecutor(self.threads, "texts")
        self._waiting: dict[Lane, deque[tuple[float, Task]]] = {lane: deque() for lane in LANES}
        self._turns = Turns()
        self._lock = threading.Lock()

    def submit(self, lane: Lane, cost: float, task: Task) -> None:
        """Run the task when it is its turn. cost: seconds that it takes, roughly.

        Raises NotReadyError: the pool is closed.
        """
        with self._lock:
            try:  # first: a task that is kept though it was refused would run in the place of another
                self._pool.submit(self._run_next)  # which task is decided when a thread is free
            except RuntimeError as error:  # it was shut down
                raise NotReadyError("the server is shutting down; send the request to another one") from error
            if not self._waiting[lane]:
                self._turns.arrive(lane, self._with_work())
            self._waiting[lane].append((cost, task))

    def close(self) -> None:
        """Finish what was submitted, and end the threads."""
        self._pool.shutdown()

    def _run_next(self) -> None:
        with self._lock:
            lane = self._turns.next(self._with_work())
            cost, task = self._waiting[lane].popleft()
            self._turns.charge(lane, cost)
        task()

    def _with_work(self) -> list[Lane]:
        return [lane for lane, tasks in self._waiting.items() if tasks]


def preparation_pool(threads: int | None = None) -> ThreadPoolExecutor:
    """Threads for decoding and cutting, as many as cores unless told, that let forwards go first."""
    return ThreadPoolExecutor(
        threads or os.cpu_count() or 1, thread_name_prefix="prepare", initializer=_step_back
    )


def _step_back() -> None:
    """Let the forwards' threads go first where both share the cores.

    A forward splits its work over all cores and waits for the slowest: a decoder that takes half of one core
    away doubles the time of all. Two cores, 32 clients: 44 pictures/s without this, 86 with it (ADR 19).
    """
    if sys.platform == "linux":  # only there a thread has a priority of its own
        own = threading.get_native_id()
        lowest = 19
        os.setpriority(os.PRIO_PROCESS, own, min(os.getpriority(os.PRIO_PROCESS, own) + NICENESS, lowest))
