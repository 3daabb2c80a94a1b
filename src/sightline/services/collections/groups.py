"""Keeps the best item of each group while items come in, best first. Does not know where they come from.

Two items belong together if they share a value of the field: a list has several. Values are compared as
filters compare them, so that a group that is full can be left out by a filter.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sightline.domain.filter_syntax import MAX_SAFE_INTEGER, MAX_TEXT_CHARACTERS
from sightline.domain.filters import Equals, Filter, Not, Path, Scalar, typed, values_at
from sightline.services.collections.found import Found

MAX_LEFT_OUT = 500  # values in one filter: a database's planner takes them one by one

Value = tuple[str, Scalar]


@dataclass
class Group:
    """best: its first item. met: how many items of it came."""

    best: Found
    met: int = 1


class Groups:
    """Groups in the order of their best items."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._groups: list[Group] = []
        self._by_value: dict[Value, Group] = {}

    def __len__(self) -> int:
        return len(self._groups)

    def take(self, found: Found) -> None:
        """The next item: it joins the best group that it shares a value with, or begins one."""
        values = self._values(found)
        theirs = [self._by_value[value] for value in values if value in self._by_value]
        if theirs:
            max(theirs, key=lambda group: group.best.score).met += 1
            return
        group = Group(found)
        self._groups.append(group)
        self._by_value.update(dict.fromkeys(values, group))

    def first(self, count: int) -> list[Group]:
        return self._groups[:count]

    def others(self) -> Filter:
        """What leaves out the items of these groups: of the largest of them, if they are many."""
        largest = sorted(self._by_value, key=lambda value: -self._by_value[value].met)
        fit = [value for _, value in largest if _fits_a_filter(value)]
        return Not(Equals(self._path, tuple(fit[:MAX_LEFT_OUT])))

    def _values(self, found: Found) -> Sequence[Value]:
        every = map(typed, values_at(found.item.metadata, self._path))
        return [value for value in every if value is not None]


def _fits_a_filter(value: Scalar) -> bool:
    """Whether stores compare it as we do: within what the spelling of filters lets through."""
    if isinstance(value, str):
        return len(value) <= MAX_TEXT_CHARACTERS
    return abs(value) <= MAX_SAFE_INTEGER
