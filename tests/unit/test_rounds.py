"""Queries that share a scan: each gets its own answer, and none another's failure."""

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from sightline.domain.vectors import l2_normalise
from sightline.stores.codes import Coder, estimated
from sightline.stores.rounds import MOST, Rounds


class Gate:
    """An executor whose first work waits until it is let through; it fails as often as it is told."""

    def __init__(self, failures=0):
        self.open, self.entered, self.rounds, self.failures = (
            threading.Event(),
            threading.Event(),
            0,
            failures,
        )

    def map(self, work, *parts):
        self.rounds += 1
        if self.rounds == 1:
            self.entered.set()
            self.open.wait(10)
        if self.rounds <= self.failures:
            raise MemoryError
        return map(work, *parts)


@pytest.fixture(scope="module")
def vectors():
    return l2_normalise(np.random.default_rng(1).standard_normal((200, 32), dtype=np.float32))


@pytest.fixture(scope="module")
def codes(vectors):
    return Coder(32).encode(vectors)


def asked_together(gate, codes, queries, parts):
    """The answers of all, of which the first is already being scanned when the others come."""
    rounds = Rounds(gate)
    with ThreadPoolExecutor(len(queries)) as pool:
        first = pool.submit(rounds.estimates, parts[0], queries[0])
        gate.entered.wait(10)
        others = [
            pool.submit(rounds.estimates, part, query)
            for part, query in zip(parts[1:], queries[1:], strict=True)
        ]
        while len(rounds._waiting) < len(others):
            pass
        gate.open.set()
        return [future.exception() or future.result() for future in (first, *others)]


def test_those_that_came_meanwhile_share_the_next_scan(codes):
    gate, parts = Gate(), (codes[:120], codes[120:])
    queries = [codes[n : n + 1] for n in range(9)]
    answers = asked_together(gate, codes, queries, [parts] * 9)
    assert gate.rounds == 2
    for query, answer in zip(queries, answers, strict=True):
        assert np.allclose(answer, estimated(codes, query)[0], atol=1e-6)


def test_no_scan_serves_more_than_its_share(codes):
    gate, parts = Gate(), (codes,)
    answers = asked_together(gate, codes, [codes[n : n + 1] for n in range(MOST + 3)], [parts] * (MOST + 3))
    assert gate.rounds == 3
    assert all(len(answer) == 200 for answer in answers)


def test_those_that_look_at_other_rows_are_scanned_apart(codes):
    gate, old, new = Gate(), (codes[:50],), (codes,)
    answers = asked_together(gate, codes, [codes[:1]] * 4, [old, new, old, new])
    assert [len(answer) for answer in answers] == [50, 200, 50, 200]


def test_failure_is_told_to_the_one_that_scanned(codes):
    gate = Gate(failures=1)
    answers = asked_together(gate, codes, [codes[:1]] * 4, [(codes,)] * 4)
    assert isinstance(answers[0], MemoryError)
    assert all(len(answer) == 200 for answer in answers[1:])
