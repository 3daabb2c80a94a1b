"""Duplicates as they are asked for and reported. Does not know how they are found."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from sightline.domain.collections import Item
from sightline.domain.errors import InvalidRequestError

KeepRule = Literal["largest", "oldest", "first_by_path"]
KEEP_RULES: tuple[KeepRule, ...] = get_args(KeepRule)
NEAR = 0.97  # between a picture that was saved again and another picture of the same thing
NO_MTIME = 2**63 - 1  # younger than every file
MAX_LIMIT = 1_000


@dataclass(frozen=True)
class DuplicatesOrder:
    """Which duplicates are wanted.

    threshold: the least cosine between an item and its group's keeper; None: the same bytes only.
    keep: which item of a group is the keeper; where the rule does not say, that of the smaller id.
    """

    collection: str
    threshold: float | None = NEAR
    keep: KeepRule = "largest"

    def __post_init__(self) -> None:
        """Raises InvalidRequestError."""
        if self.keep not in KEEP_RULES:
            raise InvalidRequestError(f"rule {self.keep!r} is not known; there are {', '.join(KEEP_RULES)}")
        if self.threshold is not None and not 0 < self.threshold <= 1:  # NaN is not
            raise InvalidRequestError(
                f"threshold is {self.threshold}; it must be above 0 and at most 1, {NEAR} is usual"
            )

    def place(self, item: Item) -> int | str:
        """By this, the keeper comes first."""
        match self.keep:
            case "largest":
                return -item.size_bytes
            case "oldest":
                return NO_MTIME if item.mtime_ns is None else item.mtime_ns
            case "first_by_path":
                return item.uri


@dataclass(frozen=True)
class Star:
    """A group by ids. copies: in the order of their cosines to the keeper, largest first, then by id."""

    keeper: str
    copies: tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class Report:
    """All groups of a collection, those with most copies first, then by keeper. head: of the collection."""

    order: DuplicatesOrder
    head: int
    stars: Sequence[Star]

    @property
    def copies(self) -> int:
        """How many items could go."""
        return sum(len(star.copies) for star in self.stars)


@dataclass(frozen=True)
class Copy:
    """score: the cosine to the keeper. is_exact: it has the same bytes."""

    item: Item
    score: float
    is_exact: bool


@dataclass(frozen=True)
class Group:
    """Items of which one is enough."""

    keeper: Item
    copies: Sequence[Copy]
