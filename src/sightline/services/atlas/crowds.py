"""What the items of each cluster have in common, as names are made of it. Does not know names."""

from collections import Counter, defaultdict
from collections.abc import Iterator

from sightline.domain.arrays import UInt8
from sightline.domain.catalogue import Record
from sightline.domain.contents import of_hex, rows_in
from sightline.domain.items import Metadata
from sightline.domain.maps import NO_CLUSTER
from sightline.domain.ports import Look
from sightline.services.atlas.naming import Crowd, Scalar
from sightline.services.atlas.typical import Typical

SAMPLE_ITEMS = 20_000  # evenly drawn: what half of a cluster has, a sample shows
AT_ONCE = 1000
MAX_FIELDS = 64
MAX_VALUES = 1000  # of a field: one that has more tells items apart, and names no cluster
MAX_CHARACTERS = 60  # of a value that may be a name

Values = dict[str, Counter[Scalar]]


def crowds(
    record: Record, name: str, contents: UInt8, clusters: UInt8, *, typical: Typical, look: Look
) -> tuple[list[Crowd], Crowd]:
    """Each cluster, and all together. contents: ascending, each with its cluster.

    Sizes are those of the sample that values are counted in.
    """
    of_clusters: list[Values] = [defaultdict(Counter) for _ in typical.sizes]
    whole: Values = defaultdict(Counter)
    sizes = Counter[int]()
    for sha256, metadata in _sampled(record, name, look):
        (row,) = rows_in(contents, of_hex([sha256])).tolist()
        cluster = NO_CLUSTER if row < 0 else int(clusters[row])
        sizes[cluster] += 1
        _count(whole, metadata)
        if cluster != NO_CLUSTER:
            _count(of_clusters[cluster], metadata)
    some = [
        Crowd(sizes[number], typical.clusters[number], values) for number, values in enumerate(of_clusters)
    ]
    return some, Crowd(sizes.total(), typical.whole, whole)


def _sampled(record: Record, name: str, look: Look) -> Iterator[tuple[str, Metadata]]:
    seqs = record.roll(name).seqs
    drawn = seqs[:: max(1, -(-len(seqs) // SAMPLE_ITEMS))]
    for start in range(0, len(drawn), AT_ONCE):
        look()
        for item in record.items_at(name, drawn[start : start + AT_ONCE].tolist()).values():
            yield item.sha256, item.metadata


def _count(values: Values, metadata: Metadata) -> None:
    for name, value in metadata.items():
        if not isinstance(value, str | int | float | bool) or len(str(value)) > MAX_CHARACTERS:
            continue
        if name not in values and len(values) == MAX_FIELDS:
            continue
        counts = values[name]
        if value in counts or len(counts) < MAX_VALUES:
            counts[value] += 1
