"""One batch through a model: halved when it fails, smaller when memory runs out. Does not know queues."""

import logging
import time

import numpy as np

from sightline.domain.arrays import Float32, Int64, UInt8
from sightline.domain.errors import OutOfMemoryError, SightlineError
from sightline.domain.records import Tower
from sightline.observe import traces
from sightline.observe.metrics import Metrics
from sightline.services.jobs import Job, as_ours
from sightline.services.model import Model
from sightline.services.pace import Paces

log = logging.getLogger(__name__)

Outcome = tuple[Job, Float32 | Exception]


class Forwards:
    """Runs batches one at a time, and remembers what memory had room for."""

    def __init__(self, paces: Paces, metrics: Metrics) -> None:
        self._paces = paces
        self._metrics = metrics
        self._fitting: dict[tuple[Model, Tower], int] = {}  # rows, where memory ran out

    def rows_that_fit(self, model: Model, tower: Tower) -> int | None:
        """None: memory never ran out."""
        return self._fitting.get((model, tower))

    def run(self, jobs: list[Job], rows: UInt8 | Int64) -> list[Outcome]:
        """Run jobs as one forward; a batch that fails is halved until only the culprit fails."""
        try:
            vectors = self._forward(jobs, rows)
        except Exception as error:  # noqa: BLE001  # whatever it is, it stays with the job that caused it
            has_shrunk = isinstance(error, OutOfMemoryError | MemoryError) and self._shrink(
                jobs[0], len(rows)
            )
            if len(jobs) == 1:
                return self.run(jobs, rows) if has_shrunk else [(jobs[0], _told(error))]
            half = len(jobs) // 2
            cut = sum(len(job.rows) for job in jobs[:half])
            return self.run(jobs[:half], rows[:cut]) + self.run(jobs[half:], rows[cut:])
        outcomes: list[Outcome] = []
        start = 0
        for job in jobs:
            outcomes.append((job, vectors[start : start + len(job.rows)]))
            start += len(job.rows)
        return outcomes

    def _forward(self, jobs: list[Job], rows: UInt8 | Int64) -> Float32:
        """One forward over the rows of jobs of one bucket, in order: (N, ...) -> (N, dim)."""
        model, tower, cost = jobs[0].model, jobs[0].tower, sum(job.cost for job in jobs)
        self._metrics.batch(jobs[0].labels, items=len(rows), tokens=cost)
        most = self._fitting.get((model, tower), len(rows))
        told: dict[str, str | int | float] = {
            "sightline.model": model.card.name,
            "sightline.tower": tower,
            "sightline.rows": len(rows),
            "sightline.tokens": cost,
        }
        started = time.monotonic()
        try:
            parts = [model.run(tower, rows[start : start + most]) for start in range(0, len(rows), most)]
        except Exception as error:
            told[traces.ERROR_TYPE] = type(error).__name__
            raise
        finally:
            ended = time.monotonic()
            for job in jobs:
                job.forward_s = ended - started
            traces.forwarded([(job.trace, job.queued_at) for job in jobs], started, ended, told)
        self._metrics.stage("forward", jobs[0].labels, ended - started)
        self._paces.of(model, tower).observe(cost, ended - started)
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def _shrink(self, job: Job, rows: int) -> bool:
        """Memory ran out: from now on half as many rows. False: there is no less than one."""
        key = job.model, job.tower
        tried = min(rows, self._fitting.get(key, rows))
        self._metrics.ran_out_of_memory()
        if tried == 1:
            return False
        self._fitting[key] = tried // 2
        fields = {
            "model": job.model.card.name,
            "tower": job.tower,
            "rows": tried,
            "rows_from_now_on": tried // 2,
        }
        log.warning("memory ran out; batches are smaller from now on", extra={"fields": fields})
        return True


def _told(error: Exception) -> SightlineError:
    """What the caller may see; the rest is in the log."""
    if not isinstance(error, SightlineError):
        log.error("a forward failed", exc_info=error)
    return as_ours(error)
