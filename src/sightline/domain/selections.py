"""What is selected on a map: by lasso, by filter, by cluster. Does not know points, or who looks at them.

A lasso is polygons, never a list of ids: a few hundred bytes choose among a million points.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from sightline.domain.errors import InvalidRequestError
from sightline.domain.filters import Filter
from sightline.domain.maps import NO_CLUSTER

Operation = Literal["add", "subtract"]
Corner = tuple[float, float]  # x, y

# Of all polygons together: a hand that draws for a minute makes some 1,500. The worst that 2,000 can be, a
# zigzag over a million points, takes some 1.5 s of a core.
MAX_CORNERS = 2_000
LARGEST = 1e30  # of a coordinate: products of two are finite


@dataclass(frozen=True)
class Outline:
    """A closed polygon; where it crosses itself, what an even number of its rounds enclose is outside."""

    op: Operation
    polygon: Sequence[Corner]

    def __post_init__(self) -> None:
        """Raises InvalidRequestError."""
        if len(self.polygon) > MAX_CORNERS:
            raise InvalidRequestError(_too_many("a polygon", len(self.polygon)))
        if not all(abs(x) <= LARGEST and abs(y) <= LARGEST for x, y in self.polygon):  # NaN is not
            raise InvalidRequestError(f"a corner of a polygon is not finite, or beyond {LARGEST:g}")


@dataclass(frozen=True)
class Selection:
    """The points that pass all three; each of them may be left open.

    lasso: outlines one after the other; if the first takes away, it does so from all there is. where: only
    items that pass. clusters: only points of these, NO_CLUSTER for those of none.
    """

    lasso: Sequence[Outline] = ()
    where: Filter | None = None
    clusters: Sequence[int] | None = None

    def __post_init__(self) -> None:
        """Raises InvalidRequestError."""
        corners = sum(len(outline.polygon) for outline in self.lasso)
        if corners > MAX_CORNERS:
            raise InvalidRequestError(_too_many("the lasso", corners))
        if any(not 0 <= number <= NO_CLUSTER for number in self.clusters or ()):
            raise InvalidRequestError(f"a cluster's number is 0 to {NO_CLUSTER}, which is that of no cluster")


def _too_many(what: str, corners: int) -> str:
    return (
        f"{what} has {corners} corners; the limit is {MAX_CORNERS} for all polygons of a lasso together, as "
        "each may have to look at every point: leave out corners that lie on a line, or draw fewer parts"
    )
