"""What a search's asker should be told besides the hits: why there are none, which field nothing has.

Does not know how hits are found. Each look costs a count, so it is made only where the hits leave a doubt.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sightline.domain.catalogue import Record
from sightline.domain.filters import Exists, Path, paths_of, values_at
from sightline.domain.hits import Hit, Query
from sightline.domain.ports import View
from sightline.domain.wording import counted

MAX_FIELDS = 8  # looked for in one search


@dataclass(frozen=True, eq=False)
class Notes:
    """Of one search."""

    record: Record
    view: View
    collection: str
    query: Query

    def on(self, hits: Sequence[Hit], lag: int) -> list[str]:
        """Sentences for people. Raises UnknownCollectionError, StoreError, RecordError."""
        notes = [no_such_field(path) for path in self._unknown_fields(hits)]
        return notes if hits else [*notes, *self._why_none(lag)]

    def _unknown_fields(self, hits: Sequence[Hit]) -> Iterator[Path]:
        """Of those that the query names; one that a hit has is known for nothing."""
        named = [] if self.query.where is None else list(paths_of(self.query.where))
        named += [] if self.query.group_by is None else [self.query.group_by]
        doubtful = [
            path for path in dict.fromkeys(named) if not any(values_at(hit.metadata, path) for hit in hits)
        ]
        if doubtful and self.view.count():  # of nothing, nothing has any field
            yield from (path for path in doubtful[:MAX_FIELDS] if not self.view.count(Exists(path)))

    def _why_none(self, lag: int) -> Iterator[str]:
        """The first reason that holds, and that the view is behind where it is."""
        query, held = self.query, self.view.count()
        items = self.record.collection(self.collection).items
        passing = held if query.where is None else self.view.count(query.where)
        if not items:
            yield f"the collection {self.collection!r} is empty"
        elif held and not passing:
            yield f"the filter passes none of {counted(held, 'item')}"
        elif 0 < passing <= query.offset:
            yield f"{query.offset} are skipped, and there are {passing} to be found"
        elif passing and not query.with_asked and passing <= len(query.asked_items):
            yield "what is asked about is left out of its own hits, and nothing else can be found"
        if items and lag:
            yield f"what is searched is {counted(lag, 'change')} behind the collection: try again in a moment"


def no_such_field(path: Path) -> str:
    return f"no item has the field {'.'.join(path)!r}"
