"""What the client's methods give: a server's answers as plain values. Does not know how they are asked for.

What a newer server says beside these is left out.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, TypeVar

from sightline.client.exchange import unreadable
from sightline.client.steps import Facts
from sightline.domain.items import Metadata
from sightline.domain.ledger import UNFINISHED

if TYPE_CHECKING:  # who asks for no vectors needs no numpy
    from sightline.domain.arrays import Float32, UInt8

T = TypeVar("T")

# why a job is paused: nobody but a person ends this pause; a full disk's ends by itself
BY_REQUEST = "by_request"


@dataclass(frozen=True)
class Model:
    """id: its name. modalities: `image`, and `text` where it has a text tower."""

    id: str
    dim: int
    modalities: Sequence[str]
    fingerprint: str
    engine: str
    device: str
    precision: str


@dataclass(frozen=True)
class Collection:
    """store: name, address, lag, trouble, index. map: what is drawn of it, None where nothing is."""

    name: str
    items: int
    model: str
    dim: int
    fingerprint: str
    created_at: float
    store: Facts
    sources: Sequence[Facts] = ()
    map: Facts | None = None


@dataclass(frozen=True)
class Item:
    id: str
    uri: str
    sha256: str
    size_bytes: int
    metadata: Metadata
    source: str


@dataclass(frozen=True)
class Added:
    """ids: of what was put in, in order. is_searchable: whether searches find all of it by now."""

    ids: Sequence[str]
    is_searchable: bool


@dataclass(frozen=True)
class Hit:
    """score: the cosine. weak: it does not stand out. thumbnail: a path at the server."""

    id: str
    score: float
    weak: bool
    uri: str
    metadata: Metadata
    thumbnail: str
    met: int = 1


@dataclass(frozen=True)
class Found:
    """What a search found, the best first. considered: how many items pass its filter, if it was counted."""

    hits: Sequence[Hit]
    considered: int | None
    lag: int
    notes: Sequence[str]
    took_ms: float

    def __iter__(self) -> Iterator[Hit]:
        return iter(self.hits)

    def __len__(self) -> int:
        return len(self.hits)


@dataclass(frozen=True)
class Copy:
    """An item of which there is a better one. score: its cosine to that; exact: the same bytes."""

    item: Item
    score: float
    exact: bool


@dataclass(frozen=True)
class Duplicates:
    """Items of which one is enough: the one to keep, and its copies."""

    keeper: Item
    copies: Sequence[Copy]


@dataclass(frozen=True)
class Job:
    """state: planning, running, paused, done, failed, cancelled. reason, message: why, or what it brought."""

    id: int
    kind: str
    collection: str
    state: str
    reason: str | None
    message: str | None
    total: int
    done: int
    failed: int
    computed: int
    created_at: float
    per_second: float | None = None
    eta_s: float | None = None
    finished_at: float | None = None
    scan: Facts | None = None
    source: str | None = None
    source_name: str | None = None

    @property
    def is_over(self) -> bool:
        """Whether nothing more comes of it unasked: it ended, or somebody paused it."""
        return self.state not in UNFINISHED or (self.state == "paused" and self.reason == BY_REQUEST)


@dataclass(frozen=True)
class MapCluster:
    number: int
    name: str
    named_by: str
    size: int
    representatives: Sequence[Facts] = ()


@dataclass(frozen=True)
class MapInfo:
    """state: none, drawing or ready. version: of the points, which changes when some come or go.

    unplaced: items that have no point yet.
    """

    state: str
    items: int = 0
    job: Facts | None = None
    version: str | None = None
    algorithm: str | None = None
    note: str = ""
    made_at: float | None = None
    points: int = 0
    unplaced: int = 0
    landmarks: int = 0
    trustworthiness: float | None = None
    graph_recall: float | None = None
    outliers: Sequence[Facts] = ()
    extent: Sequence[float] = ()
    clusters: Sequence[MapCluster] = ()
    fields: Sequence[Facts] = ()


@dataclass(frozen=True, eq=False)
class MapPoints:
    """Row i of each is item i of the map: x and y (N,), and the cluster's number, NO_CLUSTER for none."""

    version: str
    x: "Float32"
    y: "Float32"
    clusters: "UInt8"

    def __len__(self) -> int:
        return len(self.x)


def read(kind: type[T], facts: object, **known: object) -> T:
    """An answer's facts as a value. known: fields that are not taken from them.

    Raises ServerRefusedError, code `unreadable`: one that it needs is not there.
    """
    if not isinstance(facts, Mapping):
        raise unreadable(f"no {kind.__name__}")
    names = [one.name for one in fields(kind) if one.name in facts]  # type: ignore[arg-type]  # a dataclass
    try:
        return kind(**{name: facts[name] for name in names} | known)
    except TypeError as error:
        raise unreadable(f"a {kind.__name__} without {str(error).partition(': ')[2]}") from error


def of(facts: Any, name: str) -> Any:
    """One field of an answer. Raises as read."""
    if not isinstance(facts, Mapping) or name not in facts:
        raise unreadable(f"no {name!r}")
    return facts[name]
