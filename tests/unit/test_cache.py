"""The cache of vectors: where an answer comes from, what a leader's end means for others, and the bound."""

import threading
import tracemalloc
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sightline.domain.arrays import Float32
from sightline.domain.errors import (
    BrokenImageError,
    DeadlineError,
    ForwardError,
    NotReadyError,
    OverloadedError,
)
from sightline.engines.fake import FakeEngine
from sightline.services.cache import ENTRY_OVERHEAD_BYTES, Key, VectorCache, picture_key, text_key
from tests.fakes import DIM, fake_model, png

ROOM = 1_000_000
ENTRY = DIM * 4 + ENTRY_OVERHEAD_BYTES
PATIENCE_S = 10


@dataclass(eq=False)
class Asker:
    """What the cache needs of a job; counts how often it was told to go its own way."""

    answer: Future[Float32] = field(default_factory=Future)
    tokens: int = 0
    restarts: int = 0

    def restart(self) -> None:
        self.restarts += 1

    def finish(self, value: float, tokens: int = 7) -> None:
        self.tokens = tokens
        self.answer.set_result(vector(value))

    @property
    def vector(self) -> Float32:
        return self.answer.result(timeout=PATIENCE_S)


def vector(value: float) -> Float32:
    return np.full(DIM, value, dtype=np.float32)


def key(number: int) -> Key:
    return number.to_bytes(32, "little")


def claim(cache: VectorCache, number: int, asker: Asker) -> str:
    return cache.claim(key(number), asker, asker.restart)


def crowd(cache: VectorCache, size: int) -> list[Asker]:
    """A leader and those who joined it, all for the same content."""
    askers = [Asker() for _ in range(size)]
    assert [claim(cache, 1, asker) for asker in askers] == ["leader"] + ["joined"] * (size - 1)
    return askers


def test_what_was_computed_once_is_answered_at_once() -> None:
    cache = VectorCache(ROOM)
    first, second = Asker(), Asker()
    assert claim(cache, 1, first) == "leader"
    first.finish(0.5, tokens=49)
    assert claim(cache, 1, second) == "hit"
    np.testing.assert_array_equal(second.vector, vector(0.5))
    assert second.tokens == 49
    assert (first.restarts, second.restarts) == (0, 0)


def test_the_same_in_flight_is_computed_once_for_all() -> None:
    leader, *joined = crowd(VectorCache(ROOM), 4)
    assert not any(asker.answer.done() for asker in joined)
    leader.finish(0.5, tokens=49)
    for asker in joined:
        np.testing.assert_array_equal(asker.vector, vector(0.5))
        assert (asker.tokens, asker.restarts) == (49, 0)


def test_without_room_the_same_in_flight_is_still_computed_once() -> None:
    cache = VectorCache(0)
    leader, joined = crowd(cache, 2)
    leader.finish(0.5)
    np.testing.assert_array_equal(joined.vector, vector(0.5))
    assert claim(cache, 1, Asker()) == "leader"
    assert cache.counts.held_bytes == 0


def test_no_caller_can_change_what_others_get() -> None:
    cache = VectorCache(ROOM)
    leader, joined = crowd(cache, 2)
    leader.finish(0.5)
    leader.vector[:] = 9  # its own
    with pytest.raises(ValueError, match="read-only"):
        joined.vector[:] = 9
    with pytest.raises(ValueError, match="WRITEABLE"):
        joined.vector.flags.writeable = True
    later = Asker()
    assert claim(cache, 1, later) == "hit"
    np.testing.assert_array_equal(later.vector, vector(0.5))


def test_a_kept_vector_does_not_keep_its_batch() -> None:
    cache = VectorCache(ROOM)
    leader, joined = crowd(cache, 2)
    batch = np.zeros((32, DIM), dtype=np.float32)
    leader.answer.set_result(batch[3])
    held = joined.vector
    while isinstance(held, np.ndarray):
        assert held.nbytes == DIM * 4
        held = held.base


def cancelled(asker: Asker) -> None:
    asker.answer.cancel()


def expired(asker: Asker) -> None:
    asker.answer.set_exception(DeadlineError("too late"))


def crowded_out(asker: Asker) -> None:
    asker.answer.set_exception(OverloadedError("busy", retry_after_s=1))


@pytest.mark.parametrize("end", [cancelled, expired, crowded_out])
def test_when_a_leader_gives_up_one_who_joined_leads(end: Callable[[Asker], None]) -> None:
    cache = VectorCache(ROOM)
    leader, heir, last = crowd(cache, 3)
    end(leader)
    assert (heir.restarts, last.restarts) == (1, 0)
    assert not heir.answer.done()
    heir.finish(0.5)
    np.testing.assert_array_equal(last.vector, vector(0.5))
    assert claim(cache, 1, Asker()) == "hit"


def test_who_gave_up_meanwhile_does_not_inherit() -> None:
    leader, gone, heir = crowd(VectorCache(ROOM), 3)
    gone.answer.cancel()
    leader.answer.cancel()
    assert (gone.restarts, heir.restarts) == (0, 1)


def test_when_nobody_wants_it_any_more_the_next_one_starts_anew() -> None:
    cache = VectorCache(ROOM)
    leader, *joined = crowd(cache, 2000)  # past the depth of Python's stack
    for asker in joined:
        asker.answer.cancel()
    leader.answer.cancel()
    assert claim(cache, 1, Asker()) == "leader"
    assert not any(asker.restarts for asker in joined)


@pytest.mark.parametrize(
    "error", [BrokenImageError("damaged"), ForwardError("failed"), NotReadyError("stopped"), MemoryError()]
)
def test_an_error_of_the_content_reaches_all_as_objects_of_their_own(error: Exception) -> None:
    cache = VectorCache(ROOM)
    leader, *joined = crowd(cache, 3)
    error.add_note("item 3 of the leader's")
    leader.answer.set_exception(error)
    told = [asker.answer.exception(timeout=PATIENCE_S) for asker in joined]
    for other in told:
        assert type(other) is type(error)
        assert str(other) == str(error)
        assert not hasattr(other, "__notes__")
    assert len({id(other) for other in [error, *told]}) == 3
    assert not any(asker.restarts for asker in joined)
    assert claim(cache, 1, Asker()) == "leader"  # an error is not kept


def test_an_heir_that_cannot_start_tells_why_to_all_who_wait() -> None:
    """As when the threads were shut down; what a future's callback raises would be lost."""

    def refuse() -> None:
        raise NotReadyError("shutting down")

    cache = VectorCache(ROOM)
    leader, heir, last = Asker(), Asker(), Asker()
    claim(cache, 1, leader)
    cache.claim(key(1), heir, refuse)
    claim(cache, 1, last)
    leader.answer.cancel()
    for asker in (heir, last):
        assert isinstance(asker.answer.exception(timeout=PATIENCE_S), NotReadyError)


def test_the_one_unused_for_longest_makes_room() -> None:
    cache = VectorCache(3 * ENTRY)
    for number in (1, 2, 3):
        asker = Asker()
        claim(cache, number, asker)
        asker.finish(number)
    assert claim(cache, 1, Asker()) == "hit"  # so 2 is the oldest
    fourth = Asker()
    claim(cache, 4, fourth)
    fourth.finish(4)
    assert [claim(cache, number, Asker()) for number in (3, 1, 4, 2)] == ["hit", "hit", "hit", "leader"]
    assert cache.counts.evictions == 1


def test_what_would_not_fit_alone_pushes_nothing_out() -> None:
    cache = VectorCache(ENTRY)
    small, large = Asker(), Asker()
    claim(cache, 1, small)
    small.finish(1)
    claim(cache, 2, large)
    large.answer.set_result(np.zeros(10 * DIM, dtype=np.float32))
    assert claim(cache, 1, Asker()) == "hit"


def test_every_claim_is_counted_as_one_of_three() -> None:
    cache = VectorCache(ROOM)
    leader, *_ = crowd(cache, 3)
    leader.finish(0.5)
    claim(cache, 1, Asker())
    counts = cache.counts
    assert (counts.misses, counts.joined, counts.hits) == (1, 2, 1)
    assert counts.held_bytes == ENTRY


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(1, 40)), max_size=60), st.integers(0, 4 * ENTRY))
def test_the_bound_is_never_passed(asked: list[tuple[int, int]], max_bytes: int) -> None:
    cache = VectorCache(max_bytes)
    kept = 0
    for number, dim in asked:
        asker = Asker()
        if claim(cache, number, asker) == "leader":
            asker.answer.set_result(np.zeros(dim, dtype=np.float32))
            kept += dim * 4 + ENTRY_OVERHEAD_BYTES <= max_bytes
        counts = cache.counts
        assert 0 <= counts.held_bytes <= max_bytes
        assert kept == counts.evictions + len(cache)


def test_an_entry_takes_no_more_than_is_counted() -> None:
    cache = VectorCache(ROOM)
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        for number in range(1000):
            asker = Asker()
            claim(cache, number, asker)
            asker.finish(number)
        del asker
        taken = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert 0.7 * cache.counts.held_bytes < taken <= cache.counts.held_bytes


class Scheduled:
    """Computes for a crowd in threads, as a workshop does: the vector of a key is the key."""

    def __init__(self, cache: VectorCache, pool: ThreadPoolExecutor) -> None:
        self._cache = cache
        self._pool = pool
        self._running: dict[int, int] = {}
        self._lock = threading.Lock()
        self.most_at_once = 0

    def ask(self, number: int) -> Asker:
        asker = Asker()
        if self._cache.claim(key(number), asker, lambda: self._submit(number, asker)) == "leader":
            self._submit(number, asker)
        return asker

    def _submit(self, number: int, asker: Asker) -> None:
        self._pool.submit(self._compute, number, asker)

    def _compute(self, number: int, asker: Asker) -> None:
        if not asker.answer.set_running_or_notify_cancel():
            return
        with self._lock:
            self._running[number] = self._running.get(number, 0) + 1
            self.most_at_once = max(self.most_at_once, self._running[number])
        asker.tokens = number
        with self._lock:
            self._running[number] -= 1
        asker.answer.set_result(vector(number))


@settings(deadline=None, max_examples=25)
@given(
    st.lists(st.tuples(st.integers(0, 3), st.booleans()), min_size=1, max_size=200),
    st.integers(0, 3 * ENTRY),
)
def test_each_gets_its_own_content_whoever_gives_up(asked: list[tuple[int, bool]], max_bytes: int) -> None:
    cache = VectorCache(max_bytes)
    with ThreadPoolExecutor(3) as pool, ThreadPoolExecutor(4) as callers:
        scheduled = Scheduled(cache, pool)

        def call(number: int, gives_up: bool) -> tuple[int, bool, Asker]:
            asker = scheduled.ask(number)
            return number, gives_up and asker.answer.cancel(), asker

        for number, gave_up, asker in callers.map(lambda item: call(*item), asked):
            if gave_up:
                assert asker.answer.cancelled()
            else:
                np.testing.assert_array_equal(asker.vector, vector(number))
                assert asker.tokens == number
        assert cache.counts.held_bytes <= max_bytes
    assert scheduled.most_at_once <= 1  # never twice at the same time
    assert sum((cache.counts.hits, cache.counts.joined, cache.counts.misses)) == len(asked)


def test_keys_tell_contents_kinds_and_models_apart() -> None:
    model, other = fake_model(), fake_model("other")
    halved = fake_model(engine=HalfPrecision())
    data = png(1)
    keys = {
        picture_key(model, data),
        picture_key(model, png(2)),  # of the same size
        picture_key(other, data),
        picture_key(halved, data),
        text_key(model, "a red dress"),
        picture_key(model, b"a red dress"),
        text_key(model, "a red dress "),
        text_key(model, "\ud800"),
        text_key(other, "a red dress"),
    }
    assert len(keys) == 9
    assert picture_key(model, bytes(data)) == picture_key(fake_model(), bytearray(data))


class HalfPrecision(FakeEngine):
    precision = "bf16"
