"""How fast jobs were lately, which the time left is told by, and their stage. Does not know what they do."""

import time
from collections import deque

from sightline.domain.ledger import Job

WINDOW_S = 60.0


class Speeds:
    """By job: when it had done with how many tasks."""

    def __init__(self) -> None:
        self._seen: dict[int, deque[tuple[float, int]]] = {}
        self._stages: dict[int, str] = {}

    def note(self, job: Job) -> None:
        """How far it is now."""
        seen = self._seen.setdefault(job.id, deque())
        now = time.monotonic()
        seen.append((now, job.done + job.failed))
        while seen[0][0] < now - WINDOW_S:
            seen.popleft()

    def forget(self, job_id: int) -> None:
        self._seen.pop(job_id, None)
        self._stages.pop(job_id, None)

    def enter(self, job_id: int, stage: str) -> None:
        """At what it is now, of those that do one thing after another."""
        self._stages[job_id] = stage

    def stage(self, job_id: int) -> str | None:
        return self._stages.get(job_id)

    def per_second(self, job_id: int) -> float | None:
        """How many tasks were done with in a second lately; None while that cannot be told."""
        seen = self._seen.get(job_id)
        if not seen or len(seen) < 2:
            return None
        (began, first), (ended, last) = seen[0], seen[-1]
        return (last - first) / (ended - began) if ended > began else None
