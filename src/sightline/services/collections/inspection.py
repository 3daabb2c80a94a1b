"""Compares every view with the record, and makes anew what differs. Does not know stores, or who asks.

Safe at any time: what changes meanwhile is looked at again before it is called wrong.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from sightline.domain.arrays import Float32
from sightline.domain.catalogue import Record
from sightline.domain.collections import Collection
from sightline.domain.errors import StoreError
from sightline.domain.ports import View
from sightline.domain.wording import counted
from sightline.services.collections.views import Views

SAMPLE_ITEMS = 200  # an exact search takes 10 ms among 100,000
SAME = 0.999  # cosine of a vector with itself, where a store rounds
FEW = 8  # neighbours looked through; more where an item has as many copies
GROWTH = 8
LENGTH_TOLERANCE = 1e-3
FOLLOW_S = 30.0  # a view may just be replaying
NAMED = 3  # of the items that are wrong


@dataclass(frozen=True)
class Verdict:
    """One collection. held: items in the view. compared: how many vectors were looked for in it.

    by_index: how many of these the index found too; None without one. trouble: why the view could not be
    asked. problems: what is wrong, in words; those of the record are mended by no replay.
    """

    name: str
    items: int
    held: int
    lag: int
    compared: int
    by_index: int | None
    trouble: str | None
    problems: Sequence[str]
    record_problems: Sequence[str]

    @property
    def is_sound(self) -> bool:
        return not self.problems and not self.record_problems


class Inspection:
    """Of one library. Safe to use from several threads. faults: what is wrong with the record's file."""

    def __init__(self, record: Record, views: Views, faults: Callable[[], list[str]]) -> None:
        self._record = record
        self._views = views
        self.faults = faults

    def names(self) -> list[str]:
        return [collection.name for collection in self._record.collections()]

    def look(self, name: str, *, at_all: bool = False) -> Verdict:
        """Compare a collection's view with the record: a sample of its vectors, or all of them.

        Raises UnknownCollectionError, RecordError.
        """
        collection = self._record.collection(name)
        lacking = self._record.without_vector(name, collection.space.fingerprint)
        record_problems = [f"{counted(len(lacking), 'item')} without a vector"] if lacking else []
        sample, odd = self._sampled(collection, at_all=at_all)
        if odd:
            record_problems.append(f"{odd} vectors are no unit vectors")
        try:
            return self._compared(collection, sample, record_problems)
        except StoreError as error:
            lag = self._views.state(name).lag
            return Verdict(name, collection.items, 0, lag, 0, None, str(error), (), record_problems)

    def repair(self, name: str) -> bool:
        """Make the view anew from the record; False where it is not done within a while, and goes on.

        Raises UnknownCollectionError, StoreUnavailableError, RecordError.
        """
        self._views.rebuild(name)
        return self._views.wait(name, self._record.collection(name).head, timeout_s=FOLLOW_S)

    def _sampled(self, collection: Collection, *, at_all: bool) -> tuple[dict[str, Float32], int]:
        """Vectors by item's id, evenly taken; and how many of the record are of a wrong length."""
        step = 1 if at_all else max(1, collection.items // SAMPLE_ITEMS)
        sample: dict[str, Float32] = {}
        odd = 0
        for place, (item, vector) in enumerate(self._record.walk(collection.name)):
            odd += abs(float(np.linalg.norm(vector)) - 1) > LENGTH_TOLERANCE  # of NaN too: below
            odd += not np.isfinite(vector).all()
            if place % step == 0:
                sample[item.id] = vector
        return sample, odd

    def _compared(
        self, before: Collection, sample: dict[str, Float32], record_problems: Sequence[str]
    ) -> Verdict:
        name = before.name
        self._views.wait(name, before.head, timeout_s=FOLLOW_S)
        view = self._views.view(name)
        wrong = [item_id for item_id, vector in sample.items() if not _holds(view, item_id, vector)]
        wrong = self._still_wrong(name, view, wrong)
        state, now = self._views.state(name), self._record.collection(name)
        held = view.count()
        problems = []
        if wrong:
            problems.append(
                f"{len(wrong)} of {len(sample)} are not found by their own vectors: {_named(wrong)}"
            )
        if now.head == before.head and not state.lag and held != now.items:
            problems.append(f"it holds {counted(held, 'item')}, the record {now.items}")
        by_index = None
        if state.index is not None and state.index.kind != "exact":
            by_index = sum(view.nearest(vector, FEW)[0].score > SAME for vector in sample.values())
        return Verdict(
            name, now.items, held, state.lag, len(sample), by_index, state.trouble, problems, record_problems
        )

    def _still_wrong(self, name: str, view: View, wrong: Sequence[str]) -> list[str]:
        """What was changed or removed while it was looked for is not wrong."""
        if not wrong:
            return []
        self._views.wait(name, self._record.collection(name).head, timeout_s=FOLLOW_S)
        now = self._record.vectors_of(name, wrong)
        return [item_id for item_id, vector in now.items() if not _holds(view, item_id, vector)]


def _holds(view: View, item_id: str, vector: Float32) -> bool:
    """Whether an item is among those that its vector finds first."""
    count = FEW
    while True:
        found = view.nearest(vector, count, exact=True)
        same = [scored.item_id for scored in found if scored.score > SAME]
        if item_id in same:
            return True
        if len(same) < count:
            return False
        count *= GROWTH


def _named(ids: Sequence[str]) -> str:
    more = f" and {len(ids) - NAMED} more" if len(ids) > NAMED else ""
    return ", ".join(ids[:NAMED]) + more
