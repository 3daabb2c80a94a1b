"""Many values in few statements. Does not know what they are asked for."""

from collections.abc import Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")

PART = 1000  # values of one IN: SQLite takes 32,766 parameters in a statement, PostgreSQL 65,535


def in_parts(values: Sequence[T]) -> Iterator[Sequence[T]]:
    """The values in parts that fit into one statement each."""
    for start in range(0, len(values), PART):
        yield values[start : start + PART]
