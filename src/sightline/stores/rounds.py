"""Queries that come while a scan is running go through the codes together in the next. Knows no vectors.

One query keeps the memory busy and the cores half idle: ten cost what two and a half cost one by one. Nothing
waits for company: who finds no scan running begins one.
"""

import threading
from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass

import numpy as np

from sightline.domain.arrays import Float32
from sightline.stores.codes import Codes, estimated

MOST = 16  # queries in one round: more would keep the first waiting for longer than they save


@dataclass(eq=False)
class _Asked:
    parts: Sequence[Codes]
    query: Codes
    answer: Float32 | None = None


class Rounds:
    """The scans of one collection, one at a time. Safe to use from several threads."""

    def __init__(self, comparing: Executor) -> None:
        """comparing: threads for the products, one a core."""
        self._comparing = comparing
        self._waiting: list[_Asked] = []
        self._is_scanning = False
        self._changed = threading.Condition()

    def estimates(self, parts: Sequence[Codes], query: Codes) -> Float32:
        """The query's cosines with all rows of all parts, one after the other, as near as codes tell."""
        mine = _Asked(parts, query)
        with self._changed:
            self._waiting.append(mine)
        while mine.answer is None:
            if taken := self._next_round(mine):
                self._scan(taken, mine)
        return mine.answer

    def _next_round(self, mine: _Asked) -> list[_Asked]:
        """Those for whom this thread is to scan, who look at the same rows; none once it has its answer."""
        with self._changed:
            self._changed.wait_for(lambda: mine.answer is not None or not self._is_scanning)
            if mine.answer is not None:
                return []
            self._is_scanning = True
            first = self._waiting[0]
            taken = [one for one in self._waiting if one.parts is first.parts][:MOST]
            self._waiting = [one for one in self._waiting if one not in taken]
            return taken

    def _scan(self, asked: Sequence[_Asked], mine: _Asked) -> None:
        """Answer them all; or fail alone, and leave it to the others to try again."""
        answers: list[Float32] = []
        parts = asked[0].parts
        try:
            queries = Codes.joined([one.query for one in asked])
            ends = np.cumsum([len(codes) for codes in parts])
            estimates = np.empty((len(queries), ends[-1]), dtype=np.float32)
            pieces = np.split(estimates, ends[:-1], axis=1)
            list(self._comparing.map(lambda codes, out: estimated(codes, queries, out), parts, pieces))
            answers = list(estimates)
        finally:
            with self._changed:
                for one, answer in zip(asked, answers, strict=False):
                    one.answer = answer
                if not answers:
                    self._waiting = [one for one in (*asked, *self._waiting) if one is not mine]
                self._is_scanning = False
                self._changed.notify_all()
