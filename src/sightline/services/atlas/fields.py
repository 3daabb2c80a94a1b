"""Which fields a collection's items have, as far as a map can be coloured by them. Does not know maps.

Told by 100,000 items at most, evenly taken, and again only when something has changed. However many keys the
metadata has, and however long its texts are, what is kept of them has a bound.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from sightline.domain.catalogue import Record
from sightline.domain.errors import InvalidFilterError
from sightline.domain.filter_syntax import MAX_PATH_KEYS, field_path
from sightline.domain.items import Metadata
from sightline.services.atlas.metadata import Plain, first_of, pages
from sightline.services.atlas.newest import Newest, Rest, usual_rest

Kind = Literal["categorical", "number"]

SAMPLE = 100_000  # items: half a second
MOSTLY = 0.95  # numbers: the few texts among prices, as "n/a", count as missing
MAX_FIELDS = 50  # shown: those that most items have
MAX_TRACKED = 1_000  # while they are counted
MAX_DISTINCT = 1_000  # values of a field; who has more is no category
MAX_LEAVES = 200  # of one item
MAX_TEXT_CHARACTERS = 200  # longer ones are prose, and no category
COLLECTIONS = 16
NUMBERS = (int, float)  # by their very type: true is none


@dataclass(frozen=True)
class Field:
    """values: how many different ones there are; MAX_DISTINCT stands for that many and more."""

    name: str
    kind: Kind
    values: int


def kind_of(numbers: int, valued: int) -> Kind:
    """Of a field that so many items have a value of, so many of them a number."""
    return "number" if valued and numbers >= MOSTLY * valued else "categorical"


class Fields:
    """Of all collections. Safe to use from several threads."""

    def __init__(self, record: Record, *, rest: Rest = usual_rest) -> None:
        """rest: from one look to the next at a collection that changes."""
        self._record = record
        self._newest = Newest(self._told, kept=COLLECTIONS, rest=rest)

    def of(self, name: str) -> list[Field]:
        """By name. Raises UnknownCollectionError, RecordError."""
        collection = self._record.collection(name)
        return self._newest.of(name, collection.head, group=collection.created_at)

    def _told(self, name: str) -> list[Field]:
        every = -(-self._record.collection(name).items // SAMPLE)
        tallies: dict[str, _Tally] = {}
        for page in pages(self._record, name, every=max(1, every)):
            for document in page.documents:
                _count(tallies, document)
                if len(tallies) > MAX_TRACKED:
                    tallies = dict(_commonest(tallies, MAX_FIELDS))
        shown = [(name, tally) for name, tally in _commonest(tallies, MAX_TRACKED) if _is_field(name)]
        return sorted(
            (
                Field(name, kind_of(tally.numbers, tally.valued), min(len(tally.distinct), MAX_DISTINCT))
                for name, tally in shown[:MAX_FIELDS]
            ),
            key=lambda one: one.name,
        )


@dataclass(slots=True)
class _Tally:
    """Of one field. distinct: hashes of its values."""

    valued: int = 0
    numbers: int = 0
    distinct: set[int] = field(default_factory=set)


def _count(tallies: dict[str, _Tally], document: Metadata) -> None:
    for number, (name, value) in enumerate(_leaves(document, "", MAX_PATH_KEYS)):
        if number == MAX_LEAVES:
            return
        tally = tallies.get(name)
        if tally is None:
            tally = tallies[name] = _Tally()
        tally.valued += 1
        tally.numbers += type(value) in NUMBERS
        if len(tally.distinct) < MAX_DISTINCT:
            tally.distinct.add(hash(value))  # true counts as 1 here: who has both has a strange field


def _leaves(here: Metadata, prefix: str, depth_left: int) -> Iterator[tuple[str, Plain]]:
    """Each field that has a plain value, by its name with dots, and the first of its values."""
    for key, value in here.items():
        if isinstance(value, dict):
            if depth_left > 1:
                yield from _leaves(value, f"{prefix}{key}.", depth_left - 1)
        elif (first := first_of(value)) is not None and "." not in key:
            yield prefix + key, first


def _commonest(tallies: dict[str, _Tally], count: int) -> list[tuple[str, _Tally]]:
    return sorted(tallies.items(), key=lambda one: (-one[1].valued, one[0]))[:count]


def _is_field(name: str) -> bool:
    """Whether a filter could name it."""
    try:
        field_path(name)
    except InvalidFilterError:
        return False
    return True
