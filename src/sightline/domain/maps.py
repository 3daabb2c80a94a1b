"""Maps: where the items of a collection lie in two dimensions, and which of them lie together.

Does not know how one is drawn, who keeps it, or who looks at it. A point belongs to a content, as a vector
does: a picture that is renamed, copied or described anew stays where it is, and exact copies lie together.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Literal, get_args

from sightline.domain.errors import InvalidRequestError
from sightline.domain.items import Json, Metadata

if TYPE_CHECKING:  # who only asks what there is needs no points: numpy takes 0.1 s
    from sightline.domain.arrays import Bools, Float32, UInt8

Algorithm = Literal["auto", "umap", "pca"]
ALGORITHMS: tuple[Algorithm, ...] = get_args(Algorithm)
GIVEN = "given"  # the algorithm of a map whose points somebody brought
NamedBy = Literal["vocabulary", "metadata", "number"]

MAP = "map"  # the kind of job that draws one
PER_CENT = 100  # a map's job counts its progress in these

NO_CLUSTER = 255  # of a point that lies in none
MAX_CLUSTERS = 64  # a person tells apart fewer colours than that; the smaller ones count as none
LANDMARKS = 100_000  # a layout is made of at most so many; the others are placed among them
NEAREST_LANDMARKS = 5
NEIGHBOURS = 15
MAX_WORDS = 5_000
MAX_WORD_CHARACTERS = 200


@dataclass(frozen=True)
class MapOrder:
    """Which map is wanted, as a job keeps it.

    algorithm: `auto` is UMAP where it is installed, else PCA. min_distance: of two points, in UMAP's units.
    vocabulary: words that clusters may be named by; none: those that are built in.
    """

    algorithm: Algorithm = "auto"
    neighbours: int = NEIGHBOURS
    min_distance: float = 0.1
    seed: int = 0
    vocabulary: Sequence[str] = ()

    def __post_init__(self) -> None:
        """Raises InvalidRequestError."""
        if self.algorithm not in ALGORITHMS:
            raise InvalidRequestError(
                f"maps are not drawn by {self.algorithm!r}; there are {', '.join(ALGORITHMS)}"
            )
        if not 2 <= self.neighbours <= 100:
            raise InvalidRequestError(
                f"neighbours is {self.neighbours}; it must be 2 to 100, {NEIGHBOURS} is usual"
            )
        if not 0 <= self.min_distance < 1:  # NaN is not
            raise InvalidRequestError(
                f"min_distance is {self.min_distance}; it must be 0 to below 1, 0.1 is usual"
            )
        if not 0 <= self.seed < 2**31:
            raise InvalidRequestError(f"seed is {self.seed}; it must be 0 to {2**31 - 1}")
        if len(self.vocabulary) > MAX_WORDS or any(
            not 0 < len(w) <= MAX_WORD_CHARACTERS for w in self.vocabulary
        ):
            raise InvalidRequestError(
                f"the vocabulary may have {MAX_WORDS} words of 1 to {MAX_WORD_CHARACTERS} characters"
            )

    def request(self) -> dict[str, Json]:
        return {**asdict(self), "vocabulary": list(self.vocabulary)}

    @classmethod
    def of(cls, request: Metadata) -> "MapOrder":
        known: dict[str, object] = {
            name: request[name] for name in cls.__dataclass_fields__ if name in request
        }
        return cls(**known)  # type: ignore[arg-type]  # a job keeps what `request` gave


@dataclass(frozen=True, eq=False)
class Points:
    """N points, in the order of their contents.

    contents: (N, 32), the sha256 of each. places: (N, 2), x and y. clusters: (N,), NO_CLUSTER for none.
    landmarks: (N,), whether others are placed by it.
    """

    contents: "UInt8"
    places: "Float32"
    clusters: "UInt8"
    landmarks: "Bools"

    def __len__(self) -> int:
        return len(self.places)


@dataclass(frozen=True)
class Cluster:
    """Points that lie together. representatives: contents in hex, the most typical first."""

    number: int
    name: str
    named_by: NamedBy
    size: int
    representatives: Sequence[str] = ()


@dataclass(frozen=True)
class Drawn:
    """What is known of a drawing beside its points.

    algorithm: umap, pca or GIVEN. note: for people, as why it is not by UMAP; often empty.
    trustworthiness: how far points that lie together are neighbours in the space, from 0.5, by chance, to 1.
    graph_recall: the share of true neighbours that the neighbour graph has. Both are of a sample.
    outliers: contents in hex of the points farthest from all others, the farthest first.
    """

    algorithm: str
    note: str = ""
    trustworthiness: float | None = None
    graph_recall: float | None = None
    landmarks: int = 0
    outliers: Sequence[str] = ()
    timings_s: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Map:
    """A collection's map. space: the fingerprint of its vectors. points: how many there are by now.

    edition: another number whenever points come to it. made_at: seconds since 1970.
    """

    id: int
    space: str
    order: MapOrder
    drawn: Drawn
    clusters: Sequence[Cluster]
    points: int
    edition: int
    made_at: float

    @property
    def mark(self) -> str:
        """No other map's, in letters that stand in an address and in a file's name.

        A record that is restored gives a number again: the time tells the two maps apart.
        """
        return f"{self.id}-{int(self.made_at * 1e6):x}"
