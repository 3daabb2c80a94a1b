"""Vectors kept by content, and identical items in flight computed once. Does not know how vectors are made.

A picture sent again is neither decoded nor run. What concerns only the one who computes, such as a client
that went away, never reaches those who joined: one of them goes on in its place.
"""

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import CancelledError, Future, InvalidStateError
from dataclasses import dataclass, replace
from typing import Literal, Protocol

import numpy as np

from sightline.domain.arrays import Float32
from sightline.domain.errors import DeadlineError, OverloadedError
from sightline.domain.records import Tower
from sightline.services.model import Model

Key = bytes
Role = Literal["hit", "joined", "leader"]

ENTRY_OVERHEAD_BYTES = 512  # of the key, the array and its place in the table; measured 395 on CPython 3.11
# A closed list: any other failure may be the content's doing, and a content that kills its worker would kill
# it once for each of those who joined.
_LEADERS_OWN = (CancelledError, DeadlineError, OverloadedError)


class Claimant(Protocol):
    """One item that wants a vector. tokens: what it took, set before the answer is."""

    answer: Future[Float32]
    tokens: int


@dataclass(frozen=True, slots=True)
class _Kept:
    vector: Float32
    tokens: int

    @property
    def cost_bytes(self) -> int:
        return self.vector.nbytes + ENTRY_OVERHEAD_BYTES


@dataclass(frozen=True, slots=True)
class _Joined:
    """One who waits for another's vector, and how to set it on its own way."""

    claimant: Claimant
    restart: Callable[[], None]


@dataclass(slots=True)
class CacheCounts:
    """What happened since the start. Every claim is a hit, joined or a miss."""

    hits: int = 0
    joined: int = 0
    misses: int = 0
    evictions: int = 0
    held_bytes: int = 0


def picture_key(model: Model, data: bytes) -> Key:
    """The key of an encoded picture: some 15 ms for 20 MB, so not for an event loop."""
    return _key(model, "vision", data)


def text_key(model: Model, text: str) -> Key:
    """The key of a text; also of one that is no valid Unicode, which the tokenizer refuses later."""
    return _key(model, "text", text.encode("utf-8", errors="surrogatepass"))


def _key(model: Model, tower: Tower, content: bytes) -> Key:
    """sha256 over all that alters a vector. The fingerprint holds weights, preparation and crops."""
    engine = model.engine
    facts = (model.fingerprint, engine.name, engine.device, engine.precision, tower)
    digest = hashlib.sha256("".join(f"{fact}\0" for fact in facts).encode())
    digest.update(content)
    return digest.digest()


class VectorCache:
    """The vectors asked for last, at most `max_bytes` of them. Safe to use from several threads.

    With 0 bytes nothing is kept, and identical items in flight still are computed once.
    """

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._kept: OrderedDict[Key, _Kept] = OrderedDict()  # the one asked for last is at the end
        self._flights: dict[Key, list[_Joined]] = {}  # who joined whom: a key is here while it is computed
        self._lock = threading.Lock()
        self._counts = CacheCounts()

    def __len__(self) -> int:
        """How many vectors are kept."""
        return len(self._kept)

    @property
    def counts(self) -> CacheCounts:
        """A snapshot, for metrics."""
        with self._lock:
            return replace(self._counts)

    def claim(self, key: Key, claimant: Claimant, restart: Callable[[], None]) -> Role:
        """Answer from what is kept, wait for who computes the same, or be the one who computes.

        hit: the answer is there. joined: it will come, or `restart` is called, once, to set the claimant on
        its own way: as leader, without another claim. leader: the caller computes; finishing its answer
        serves all who joined. `restart` must not compute by itself: it runs in whichever thread ended the
        leader's answer. Vectors given to others than the leader are read-only.
        """
        with self._lock:
            kept, flight = self._kept.get(key), self._flights.get(key)
            if kept is not None:
                self._counts.hits += 1
                self._kept.move_to_end(key)
            elif flight is not None:
                self._counts.joined += 1
                flight.append(_Joined(claimant, restart))
                return "joined"
            else:
                self._counts.misses += 1
                self._flights[key] = []
        if kept is not None:
            _give(kept, claimant)
            return "hit"
        self._lead(key, claimant)
        return "leader"

    def _lead(self, key: Key, leader: Claimant) -> None:
        leader.answer.add_done_callback(lambda answer: self._land(key, leader.tokens, answer))

    def _land(self, key: Key, tokens: int, answer: Future[Float32]) -> None:
        """A leader's answer is there: hand it on, or let the next one lead."""
        error = CancelledError() if answer.cancelled() else answer.exception()
        if isinstance(error, _LEADERS_OWN):
            self._pass_on(key)
            return
        kept = None if error else _frozen(answer.result(), tokens)
        with self._lock:
            joined = self._flights.pop(key)
            if kept is not None:
                self._keep(key, kept)
        for waiting in joined:
            if kept is not None:
                _give(kept, waiting.claimant)
            elif error is not None:
                _fail(waiting.claimant, _again(error))

    def _pass_on(self, key: Key) -> None:
        """Let the first who joined and still wants its answer lead."""
        with self._lock:
            heir = _first_wanted(self._flights[key])
            if heir is None:
                del self._flights[key]
                return
        self._lead(key, heir.claimant)
        try:
            heir.restart()
        except Exception as error:  # noqa: BLE001  # a future swallows what its callback raises; all would wait for ever
            _fail(heir.claimant, error)

    def _keep(self, key: Key, kept: _Kept) -> None:
        if kept.cost_bytes > self._max_bytes:
            return
        self._kept[key] = kept  # new: while a key is in flight it is not kept
        self._counts.held_bytes += kept.cost_bytes
        while self._counts.held_bytes > self._max_bytes:
            _, oldest = self._kept.popitem(last=False)
            self._counts.held_bytes -= oldest.cost_bytes
            self._counts.evictions += 1


def _first_wanted(joined: list[_Joined]) -> _Joined | None:
    """Taken out of the list, with all before it, which nobody waits for."""
    while joined:
        first = joined.pop(0)
        if not first.claimant.answer.done():
            return first
    return None


def _frozen(vector: Float32, tokens: int) -> _Kept:
    """A copy over bytes: no caller can make it writable, and it does not keep its batch in memory."""
    return _Kept(np.frombuffer(vector.tobytes(), dtype=vector.dtype), tokens)


def _give(kept: _Kept, claimant: Claimant) -> None:
    claimant.tokens = kept.tokens
    try:
        claimant.answer.set_result(kept.vector)
    except InvalidStateError:  # given up meanwhile
        return


def _fail(claimant: Claimant, error: BaseException) -> None:
    try:
        claimant.answer.set_exception(error)
    except InvalidStateError:
        return


def _again(error: BaseException) -> BaseException:
    """The same error as an object of its own: each caller adds notes about its own items."""
    fresh = type(error).__new__(type(error), *error.args)
    fresh.__dict__.update({name: value for name, value in vars(error).items() if name != "__notes__"})
    fresh.__cause__ = error
    return fresh
