"""Keeps what is typical of each collection, as it was lately. Does not know queries, or who needs it."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from sightline.domain.background import SAMPLE_ITEMS, Background
from sightline.domain.catalogue import Record
from sightline.domain.collections import Space
from sightline.domain.ports import View

# a sample costs some milliseconds, and what is typical of a collection changes slowly, unless it is small
LASTS_S = 60.0
SMALL_LASTS_S = 1.0
KEPT = 64  # collections: 100 MB of vectors of 768 numbers


@dataclass(frozen=True, eq=False)
class _Drawn:
    """A background, and when and of which space it was drawn."""

    background: Background
    space: Space
    at: float

    def is_fresh(self, now: float) -> bool:
        is_small = len(self.background.vectors) < SAMPLE_ITEMS
        return now - self.at < (SMALL_LASTS_S if is_small else LASTS_S)


class Backgrounds:
    """Of all collections. Safe to use from several threads; two that come at once may both draw."""

    def __init__(self, record: Record, now: Callable[[], float] = time.monotonic) -> None:
        self._record = record
        self._now = now
        self._lock = threading.Lock()
        self._drawn: OrderedDict[str, _Drawn] = OrderedDict()  # by collection, the latest last

    def of(self, name: str, space: Space, view: View) -> Background:
        """Raises UnknownCollectionError, RecordError, StoreError."""
        with self._lock:
            drawn = self._drawn.get(name)
        if drawn is not None and drawn.space == space and drawn.is_fresh(self._now()):
            return drawn.background
        background = Background(self._record.sample(name, SAMPLE_ITEMS), view.count())
        with self._lock:
            self._drawn[name] = _Drawn(background, space, self._now())
            self._drawn.move_to_end(name)
            if len(self._drawn) > KEPT:
                self._drawn.popitem(last=False)
        return background
