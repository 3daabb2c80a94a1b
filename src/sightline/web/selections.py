"""Selections as requests spell them. Does not know a route, or which points there are."""

from typing import Annotated, Any

from pydantic import ConfigDict, Field

from sightline.domain.filter_syntax import parse
from sightline.domain.maps import NO_CLUSTER
from sightline.domain.selections import MAX_CORNERS, Operation, Outline, Selection
from sightline.web.schemas import Body, parsed
from sightline.web.uploads import bounded_json

MAX_OUTLINES = 100

CornerOf = Annotated[list[float], Field(min_length=2, max_length=2, description="x, y")]
ClusterOf = Annotated[int, Field(ge=0, le=NO_CLUSTER)]


class OutlineBody(Body):
    op: Operation = "add"
    polygon: list[CornerOf] = Field(description=f"its corners, {MAX_CORNERS} at most; it closes by itself")


class WithinBody(Body):
    """What can be said of a point by itself."""

    lasso: list[OutlineBody] | None = Field(
        None,
        max_length=MAX_OUTLINES,
        description="one after the other; if the first takes away, it does so from all points",
    )
    clusters: list[ClusterOf] | None = Field(None, description=f"their numbers, {NO_CLUSTER} for none")

    def selection(self, filter: dict[str, Any] | None = None) -> Selection:
        """Raises InvalidRequestError, InvalidFilterError."""
        lasso = [Outline(one.op, [(float(x), float(y)) for x, y in one.polygon]) for one in self.lasso or ()]
        where = None if filter is None else parse(filter)
        return Selection(lasso, where, self.clusters)


class SelectBody(WithinBody):
    """All that is given must hold; of nothing, every point is selected."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "lasso": [{"op": "add", "polygon": [[0, 0], [4, 0], [4, 3]]}],
                    "filter": {"price": {"lt": 50}},
                    "clusters": [3, 5],
                }
            ]
        },
    )
    filter: dict[str, Any] | None = Field(None, description="as in a search")

    def selected(self) -> Selection:
        return self.selection(self.filter)


def within_of(text: str | None) -> Selection | None:
    """The parameter `within` of an address. Raises RefusedError, InvalidRequestError."""
    if text is None:
        return None
    content = bounded_json(text.encode(), "the parameter `within`")
    return parsed(WithinBody, content if isinstance(content, dict) else {"lasso": content}).selection()
