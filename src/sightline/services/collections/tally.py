"""What a scan found, counted against what there was before. Decides nothing, and knows neither side's keeper.

A picture that is gone from one place, while another came of the same size and time, has moved: neither was it
removed, nor the other added. Its content is not compared: that would read what an ingestion may not need.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass

from sightline.domain.collections import Item
from sightline.domain.entries import Entry
from sightline.domain.items import Json


@dataclass
class Counts:
    """Of pictures. kept: the source does not show them any more, and they stay all the same."""

    found: int = 0
    added: int = 0
    changed: int = 0
    moved: int = 0
    unchanged: int = 0
    removed: int = 0
    kept: int = 0


class Tally:
    """Of one scan."""

    def __init__(self) -> None:
        self.may_move = False  # whether anything was there before: else what is new need not be remembered
        self._counts = Counts()
        self._new = Counter[tuple[int | None, int | None]]()

    def found(self, count: int) -> None:
        self._counts.found = count

    def unchanged(self) -> None:
        self._counts.unchanged += 1

    def changed(self) -> None:
        """Other bytes, or other metadata."""
        self._counts.changed += 1

    def moved(self) -> None:
        """The same picture at another address."""
        self._counts.moved += 1

    def added(self, entry: Entry) -> None:
        self._counts.added += 1
        if self.may_move:
            self._new[entry.size_bytes, entry.mtime_ns] += 1

    def removed(self, items: Iterable[Item]) -> None:
        for item in items:
            alike = item.size_bytes, item.mtime_ns
            if self._new[alike]:
                self._new[alike] -= 1
                self._counts.added -= 1
                self._counts.moved += 1
            else:
                self._counts.removed += 1

    def kept(self, count: int) -> None:
        self._counts.kept = count

    def facts(self) -> dict[str, Json]:
        return dict(asdict(self._counts))
