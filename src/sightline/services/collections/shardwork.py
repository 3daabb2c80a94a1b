"""One shard of a job: read, embedded in the bulk lane, settled. Does not know what the job is for.

Reading, computing and keeping overlap: while one part of the shard is computed, the next is read and the one
before is kept. A picture that fails is noted, and stops nothing.
"""

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError, Executor, Future
from dataclasses import dataclass, field

from sightline.domain.arrays import Float32
from sightline.domain.catalogue import Record
from sightline.domain.errors import NoTextTowerError, NotReadyError, OverloadedError
from sightline.domain.ledger import Failure, Lease, Outcome, Task
from sightline.services.collections.purposes import Piece, Purpose
from sightline.services.jobs import Asked, Text, as_ours
from sightline.services.model import Model
from sightline.services.workshop import Terms, Workshop

PART_TASKS = 64
PART_TOKENS = 8192  # two of the largest batches; four parts at once leave half of the server's tokens free
PART_BYTES = 64_000_000  # of files in memory
UNKNOWN_BYTES = 4_000_000  # of a file whose size nobody knows before it is read
READ_AHEAD = 1  # parts
COMPUTE_AHEAD = 1
SETTLE_TASKS = 256  # or what came in a second: each costs a write that waits for the disk
SETTLE_S = 1.0
PATIENCE_S = 0.5  # between two tries to be let in while the server is busy


@dataclass
class Settling:
    """What waits to be kept."""

    pieces: list[Piece] = field(default_factory=list)
    since: float = field(default_factory=time.monotonic)

    @property
    def is_due(self) -> bool:
        return len(self.pieces) >= SETTLE_TASKS or time.monotonic() - self.since >= SETTLE_S


class ShardWork:
    """Works through one lease. settle: keeps an outcome and gives the lease of the rest, as Ledger.settle.

    is_wanted: asked between parts; when it says no, what is in hand is kept and the rest left.
    """

    def __init__(  # the parts it joins, each named by the caller
        self,
        *,
        record: Record,
        purpose: Purpose,
        model: Model,
        workshop: Workshop,
        readers: Executor,
        is_wanted: Callable[[], bool],
    ) -> None:
        self._record = record
        self._purpose = purpose
        self._model = model
        self._workshop = workshop
        self._readers = readers
        self._is_wanted = is_wanted
        self._in_flight: dict[str, Future[Float32]] = {}

    def run(self, lease: Lease, settle: Callable[[Lease, Outcome], Lease | None]) -> Lease | None:
        """Returns the lease of what is left, None if nothing is. Raises what `settle` raises."""
        settling = Settling()
        for pieces in self._computed(lease.tasks):
            settling.pieces += pieces
            if settling.is_due:
                rest = settle(lease, self._outcome(settling.pieces))
                if rest is None:
                    return None
                lease, settling = rest, Settling()
        return settle(lease, self._outcome(settling.pieces)) if settling.pieces else lease

    def _computed(self, tasks: Sequence[Task]) -> Iterator[list[Piece]]:
        """The parts in order, each once all its vectors are there."""
        reading: deque[list[Future[Piece]]] = deque()
        computing: deque[list[Piece]] = deque()
        for part in self._parts(tasks):
            if not self._is_wanted():
                break
            reading.append([self._readers.submit(self._purpose.read, task) for task in part])
            if len(reading) > READ_AHEAD:
                computing.append(self._start([piece.result() for piece in reading.popleft()]))
            if len(computing) > COMPUTE_AHEAD:
                yield self._await(computing.popleft())
        while reading or computing:
            if reading:
                computing.append(self._start([piece.result() for piece in reading.popleft()]))
            yield self._await(computing.popleft())

    def _parts(self, tasks: Sequence[Task]) -> Iterator[list[Task]]:
        tokens = self._model.image_rows * self._model.image_tokens
        longest = max(1, min(PART_TASKS, PART_TOKENS // tokens))
        part: list[Task] = []
        size_bytes = 0
        for task in tasks:
            known = task.payload.get("size_bytes")
            size_bytes += known if isinstance(known, int) else UNKNOWN_BYTES
            if part and (len(part) == longest or size_bytes > PART_BYTES):
                yield part
                part, size_bytes = [], 0
            part.append(task)
        if part:
            yield part

    def _start(self, pieces: list[Piece]) -> list[Piece]:
        """Set those on their way whose vector nobody has."""
        wanted = {piece.sha256 for piece in pieces if piece.asked is not None}
        known = self._record.vectors(self._model.fingerprint, list(wanted)).keys()
        for piece in pieces:
            asked, piece.asked = piece.asked, None
            if asked is None or piece.sha256 in known:
                continue
            if isinstance(asked, Text) and not self._model.embeds_text:
                piece.error = NoTextTowerError(f"{self._model.card.name} embeds no text; take the text out")
                continue
            if piece.sha256 not in self._in_flight:
                self._in_flight[piece.sha256] = self._admitted(asked)
            piece.vector = self._in_flight[piece.sha256]
        return pieces

    def _admitted(self, asked: Asked) -> Future[Float32]:
        """The answer to come; searches are let in first."""
        while True:
            try:
                return self._workshop.start(self._model, [asked], Terms(None, "bulk"))[0].answer
            except OverloadedError as busy:
                if not self._is_wanted():
                    raise NotReadyError("the server is shutting down") from None
                time.sleep(min(busy.retry_after_s, PATIENCE_S))

    def _await(self, pieces: list[Piece]) -> list[Piece]:
        for piece in pieces:
            if piece.vector is None:
                continue
            try:
                piece.vector.result()
            except (CancelledError, NotReadyError):
                raise NotReadyError("the server is shutting down") from None
            except Exception as error:  # noqa: BLE001
                piece.error = as_ours(error)
        return pieces

    def _outcome(self, pieces: Sequence[Piece]) -> Outcome:
        good = [piece for piece in pieces if piece.error is None]
        vectors = {piece.sha256: piece.vector.result() for piece in good if piece.vector is not None}
        for piece in pieces:
            self._in_flight.pop(piece.sha256, None)
        return Outcome(
            settled=len(pieces),
            changes=self._purpose.changes(good, vectors),
            failures=[
                Failure(piece.task.id, piece.error.code, str(piece.error))
                for piece in pieces
                if piece.error is not None
            ],
        )
