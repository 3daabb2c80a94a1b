"""Which items a search may find, by their metadata, and what that means. Knows no store and no spelling.

Every store gives what `matches` gives:

- A list in the metadata matches if one of its elements does. An absent field, null and [] have no values, and
  match only the negation of something.
- Types are never coerced: "5" is not 5, true is not 1. Numbers compare as float64, 5 equal to 5.0; strings by
  code point.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from operator import ge, gt, le, lt
from typing import Any, Literal, TypeAlias, cast

from sightline.domain.items import Json, Metadata

Scalar = bool | int | float | str
Path = tuple[str, ...]
Order = Literal["lt", "lte", "gt", "gte"]

ORDERS: dict[Order, Callable[[Any, Any], bool]] = {"lt": lt, "lte": le, "gt": gt, "gte": ge}


@dataclass(frozen=True)
class Equals:
    """A value of the field is one of `values`, by type and value."""

    path: Path
    values: tuple[Scalar, ...]


@dataclass(frozen=True)
class Compares:
    """A value of the field is of the bound's type and on the right side of it."""

    path: Path
    order: Order
    bound: int | float | str


@dataclass(frozen=True)
class Exists:
    """The field is there, and is neither null nor []."""

    path: Path


@dataclass(frozen=True)
class And:
    """All of them; of none: everything."""

    parts: tuple["Filter", ...]


@dataclass(frozen=True)
class Or:
    """One of them; of none: nothing."""

    parts: tuple["Filter", ...]


@dataclass(frozen=True)
class Not:
    part: "Filter"


Filter: TypeAlias = Equals | Compares | Exists | And | Or | Not


def matches(where: Filter, metadata: Metadata) -> bool:
    """Whether an item with this metadata passes: the meaning that every store keeps."""
    match where:
        case Equals(path, values):
            wanted = {typed(value) for value in values}
            return any(typed(value) in wanted for value in values_at(metadata, path))
        case Compares(path, order, bound):
            return any(_in_order(value, order, bound) for value in values_at(metadata, path))
        case Exists(path):
            return bool(values_at(metadata, path))
        case And(parts):
            return all(matches(part, metadata) for part in parts)
        case Or(parts):
            return any(matches(part, metadata) for part in parts)
        case Not(part):
            return not matches(part, metadata)


def paths_of(where: Filter) -> Iterator[Path]:
    """Every field that it asks about, as often as it does."""
    match where:
        case Equals(path) | Compares(path) | Exists(path):
            yield path
        case And(parts) | Or(parts):
            for part in parts:
                yield from paths_of(part)
        case Not(part):
            yield from paths_of(part)


def values_at(metadata: Metadata, path: Path) -> list[Json]:
    """The values of a field: the elements of a list, else the value itself; none of null."""
    here: Json | Metadata = metadata
    for key in path:
        if not isinstance(here, Mapping) or key not in here:
            return []
        here = here[key]
    if here is None:
        return []
    return here if isinstance(here, list) else [cast(Json, here)]


def typed(value: Json) -> tuple[str, Scalar] | None:
    """What two values must share to be equal; None for what equals nothing."""
    match value:
        case bool():
            return "bool", value
        case int() | float():
            return "number", float(value)
        case str():
            return "string", value
        case _:
            return None


def _in_order(value: Json, order: Order, bound: float | str) -> bool:
    ours, theirs = typed(value), typed(bound)
    return (
        ours is not None and theirs is not None and ours[0] == theirs[0] and ORDERS[order](ours[1], theirs[1])
    )
