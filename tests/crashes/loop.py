"""Kills the workers of one library at random moments, and holds what they said against what is there next.

Does not know what a library does, or how its end is checked.
"""

import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from tests.crashes.lives import Held, Worker

READY_S = 10.0  # promised, on a machine that does nothing else
PATIENCE_S = 600.0  # for a worker that nobody kills
SHARD_TASKS = 2000
AT_START = 0.2  # of the kills hit a worker that is not ready yet
START_S = 1.5


@dataclass
class Toll:
    """What the kills cost."""

    kills: Counter[str] = field(default_factory=Counter)  # by errand
    starts: int = 0
    slowest_ready_s: float = 0.0
    forwards: int = 0
    done_again: int = 0
    most_done_again: int = 0  # by one kill
    acknowledged: dict[int, int] = field(default_factory=dict)  # job -> events

    def summary(self) -> str:
        return (
            f"{self.kills.total()} kills ({', '.join(f'{n} {e}' for e, n in self.kills.items())}), "
            f"{self.starts} starts, slowest ready {self.slowest_ready_s:.2f} s, "
            f"{sum(self.acknowledged.values())} events acknowledged and all there, "
            f"{self.forwards} forwards, {self.done_again} done again, at most "
            f"{self.most_done_again} by one kill"
        )


class Place:
    """A library's folder, whose workers die. The last one ends with the block."""

    def __init__(self, home: Path, *, seed: int = 1) -> None:
        self._home = home
        self._chance = random.Random(seed)
        self.toll = Toll()
        self.calm_from = float("inf")  # time.monotonic() from which on no worker is killed any more
        self._worker: Worker | None = None
        self._before = (Held(), 0)  # of the last worker that was ready: what it held, what it computed
        self._done = 0  # tasks of the first job that were acknowledged

    def do(self, *errand: str, kills: int, longest_s: float) -> int:
        """Have an errand done, in spite of at most so many kills; returns how many there were.

        longest_s: a worker lives at most, from when it was given the errand.
        """
        killed = 0
        while killed < kills and not self.is_calm:
            if self._survives(errand, longest_s):
                return killed
            self.toll.kills[errand[0]] += 1
            killed += 1
        assert self._ready_worker().does(errand, PATIENCE_S), f"{errand[0]} does not end"
        self._note()
        return killed

    def repeat(self, kills: int, errand: Callable[[int], int]) -> None:
        """Have an errand done again and again, told how many kills are left, until there were so many."""
        while kills > 0 and not self.is_calm:
            kills -= errand(kills)

    @property
    def is_calm(self) -> bool:
        return time.monotonic() >= self.calm_from

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        """Well, or where a promise was broken, at once."""
        worker, self._worker = self._worker, None
        if worker is not None:
            self.toll.forwards += worker.said.computed
            worker.close() if kind is None else worker.kill()

    def _survives(self, errand: tuple[str, ...], longest_s: float) -> bool:
        """Whether the errand is done before its worker is killed."""
        if self._worker is None and self._chance.random() < AT_START:
            worker = self._worker = self._started()
            if worker.becomes_ready(self._chance.uniform(0.05, START_S)):
                self._compare(worker)
        elif self._ready_worker().does(errand, self._chance.uniform(0.0, longest_s)):
            self._note()
            return True
        self._kill()
        return False

    def _started(self) -> Worker:
        self.toll.starts += 1
        return Worker(self._home)

    def _ready_worker(self) -> Worker:
        if self._worker is None:
            self._worker = self._started()
            assert self._worker.becomes_ready(PATIENCE_S), "a worker does not become ready"
            self._compare(self._worker)
        return self._worker

    def _kill(self) -> None:
        assert self._worker is not None
        self._worker.kill()
        self._note()
        if self._worker.said.held is not None:
            self._before = (self._worker.said.held, self._worker.said.computed)
        self.toll.forwards += self._worker.said.computed
        self._worker = None

    def _note(self) -> None:
        """Remember what was acknowledged."""
        assert self._worker is not None
        said, acknowledged = self._worker.said, self.toll.acknowledged
        if said.accepted:
            acknowledged.setdefault(said.accepted, 0)
        acknowledged.update((job, event) for job, (event, _) in said.kept.items())
        self._done = said.kept.get(1, (0, self._done))[1]

    def _compare(self, worker: Worker) -> None:
        """What was acknowledged before is there, and a kill cost no more than a shard."""
        held, toll = worker.said.held, self.toll
        assert held is not None
        toll.slowest_ready_s = max(toll.slowest_ready_s, worker.ready_s or 0.0)
        known = toll.acknowledged.get(held.job, 0)
        assert held.job >= max(toll.acknowledged, default=0), "an accepted job is gone"
        assert held.events >= known, f"{known} events of job {held.job} were acknowledged, not {held.events}"
        assert held.job > 1 or held.items >= self._done, f"{self._done} items were kept, not {held.items}"
        before, computed = self._before
        again = max(0, computed - (held.computed - before.computed))
        assert again <= SHARD_TASKS, f"{again} forwards were lost by one kill"
        self._before = (held, 0)
        toll.done_again += again
        toll.most_done_again = max(toll.most_done_again, again)
