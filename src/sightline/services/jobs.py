"""One picture or text on its way to a vector: its rows, its deadline, its answer. Does not know queues."""

import time
from concurrent.futures import Future, InvalidStateError
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from sightline.domain.arrays import Float32, Int64, UInt8
from sightline.domain.errors import DeadlineError, ForwardError, OutOfMemoryError, SightlineError
from sightline.domain.records import Tower
from sightline.domain.vectors import mean_direction
from sightline.imaging.decode import ImageSource
from sightline.observe import traces
from sightline.services.model import Model

Lane = Literal["interactive", "bulk"]
LANES: tuple[Lane, ...] = ("interactive", "bulk")

Bucket = tuple[Model, Tower, tuple[int, ...]]
Ending = Literal["cancelled", "expired"]

NEVER = float("inf")
NOTHING: UInt8 = np.zeros(0, dtype=np.uint8)  # the rows of a job that is still being prepared


@dataclass(frozen=True)
class Picture:
    source: ImageSource


@dataclass(frozen=True)
class Text:
    text: str


Asked = Picture | Text


@dataclass(eq=False, slots=True)
class Job:
    """The prepared rows of one picture or text: they run together and become one vector, or fail together.

    The answer is cancelled by whoever no longer wants it; a cancelled or expired job never reaches the model.
    """

    model: Model
    tower: Tower
    lane: Lane = "interactive"
    deadline: float = NEVER  # time.monotonic() after which nobody waits for it
    rows: UInt8 | Int64 = field(default_factory=lambda: NOTHING)  # (C, ...): crops of a picture, or one text
    tokens: int = 0  # what the caller is told was used: padding not counted
    queued_at: float = 0.0  # time.monotonic()
    queue_s: float = 0.0
    forward_s: float = 0.0
    trace: traces.RequestTrace = field(default_factory=traces.current)  # of the request that asks
    answer: Future[Float32] = field(default_factory=Future)

    @property
    def bucket(self) -> Bucket:
        """Jobs of one bucket may share a forward: same weights, same tower, same shape of a row."""
        return self.model, self.tower, self.rows.shape[1:]

    @property
    def cost(self) -> int:
        """The tokens that the tower works through for it."""
        return len(self.rows) * self.model.row_cost(self.tower, self.rows.shape[1:])

    @property
    def labels(self) -> tuple[str, str, str]:
        """What it is counted under: model, tower, lane."""
        return self.model.card.name, self.tower, self.lane

    def ending(self) -> Ending | None:
        """Why nobody waits for it any more, if nobody does. An expired one is answered here and now."""
        if time.monotonic() >= self.deadline:
            self.fail(
                DeadlineError("the time for this request was over before its turn came; allow more time")
            )
            return "expired"
        return "cancelled" if self.answer.done() else None

    def begin(self) -> Ending | None:
        """From here on it runs, unless somebody gave it up first; says which."""
        ending = self.ending()
        if ending is None and not self.answer.set_running_or_notify_cancel():
            return "cancelled"
        return ending

    def fail(self, error: Exception) -> None:
        """Answer with an error, unless an answer or a cancellation came first."""
        try:
            self.answer.set_exception(error)
        except InvalidStateError:
            return

    def finish(self, vectors: Float32) -> None:
        """Answer with the direction of the rows' vectors (C, dim), unless an answer came first."""
        try:
            # a copy: a row of the batch's array would keep all of it in memory
            self.answer.set_result(vectors[0].copy() if len(vectors) == 1 else mean_direction(vectors))
        except InvalidStateError:
            return
        except Exception as error:  # noqa: BLE001  # whatever it is, it is this job's alone
            self.fail(as_ours(error))


def as_ours(error: Exception) -> SightlineError:
    """The error as a caller may see it."""
    if isinstance(error, SightlineError):
        return error
    if isinstance(error, MemoryError):
        ours: SightlineError = OutOfMemoryError("there is no memory for this input now; try again")
    else:
        ours = ForwardError("the model failed on this input; the server's log has the details")
    ours.__cause__ = error
    return ours
