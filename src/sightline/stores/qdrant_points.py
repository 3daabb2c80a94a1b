"""What lies in a Qdrant collection of ours, point by point. Knows no client and no search.

A point's id is made from the item's; its payload is {item_id, seq, metadata}. One more, without a vector and
so never found, holds the cursor: a collection that is lost, restored or copied takes its cursor along.
"""

import uuid
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from qdrant_client import models

from sightline.domain.filters import Path
from sightline.domain.items import Change, Json, Metadata
from sightline.stores.qdrant_filters import payload_path
from sightline.stores.ranking import Candidate

ITEMS = uuid.UUID("6f4c1d52-0e0b-5a3c-9d0e-6b2f1a7c8e11")  # never to be changed: point ids are made from it
MARKER_ID = str(uuid.UUID(int=0))  # no item has it: the ids made from names are of version 5
OURS = "sightline_view"  # in the payload of the marker, and of nobody else's point
MAX_FIELDS = 32  # each index takes memory; a collection with more fields is not filtered by all of them

Payload = dict[str, Any]


def point_id(item_id: str) -> str:
    """The same for the same item, ever: writing a point twice leaves one."""
    return str(uuid.uuid5(ITEMS, item_id))


def point(change: Change) -> models.PointStruct:
    """An item as it is after the change, which must not be a removal."""
    payload = {"item_id": change.item_id, "seq": change.seq, "metadata": dict(change.metadata)}
    return models.PointStruct(
        id=point_id(change.item_id), vector=np.asarray(change.vector).tolist(), payload=payload
    )


def marker(cursor: int, recall: float | None = None) -> models.PointStruct:
    """The point that says how far the collection holds the record, and how well its index does."""
    return models.PointStruct(
        id=MARKER_ID, vector={}, payload={OURS: True, "cursor": cursor, "recall": recall}
    )


def items_only(condition: models.Filter | None) -> models.Filter:
    """The condition, without the marker."""
    return models.Filter(
        must=[condition] if condition else None, must_not=[models.HasIdCondition(has_id=[MARKER_ID])]
    )


def candidate(found: models.ScoredPoint, *, passes: bool) -> Candidate:
    """What a search found, with its vector."""
    payload = found.payload or {}
    vector = np.asarray(found.vector, dtype=np.float32)
    return Candidate(payload["item_id"], found.score, vector, passes)


def indexable(sample: Iterable[Metadata]) -> dict[str, models.PayloadSchemaType]:
    """The fields worth an index, by their path in the payload: those whose values are of one kind."""
    kinds: defaultdict[Path, set[models.PayloadSchemaType]] = defaultdict(set)
    for metadata in sample:
        for path, value in _leaves(dict(metadata), ()):
            kinds[path].add(_kind(value))
    of_one_kind = {path: found.pop() for path, found in sorted(kinds.items()) if len(found) == 1}
    return {payload_path(path, "metadata"): kind for path, kind in list(of_one_kind.items())[:MAX_FIELDS]}


def _leaves(value: Json, path: Path) -> Iterator[tuple[Path, bool | int | float | str]]:
    match value:
        case dict():
            for key, inner in value.items():
                if key and '"' not in key:  # others have no path in Qdrant
                    yield from _leaves(inner, (*path, key))
        case list():
            yield from ((path, item) for item in value if isinstance(item, bool | int | float | str))
        case bool() | int() | float() | str():
            yield path, value


def _kind(value: bool | int | float | str) -> models.PayloadSchemaType:
    match value:
        case bool():
            return models.PayloadSchemaType.BOOL
        case str():
            return models.PayloadSchemaType.KEYWORD
        case _:
            return models.PayloadSchemaType.FLOAT  # ranges over it find integers too
