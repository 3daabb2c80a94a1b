"""Places that somebody has for items, as points of a map. Does not know where they come from."""

from collections.abc import Sequence

import numpy as np

from sightline.domain.arrays import Bools, Float32
from sightline.domain.catalogue import Record
from sightline.domain.contents import keys
from sightline.domain.errors import InvalidRequestError
from sightline.domain.maps import GIVEN, LANDMARKS, NO_CLUSTER, Drawn, Points

NAMED = 3  # of the ids that no item has


def as_points(
    record: Record, name: str, ids: Sequence[str], places: Float32
) -> tuple[Points, list[str], Drawn]:
    """Points by content, the ids that no item has, and what is known of the map.

    Raises InvalidRequestError, UnknownCollectionError, RecordError.
    """
    if places.shape != (len(ids), 2) or not np.isfinite(places).all():
        raise InvalidRequestError("each item needs an x and a y that are finite numbers of 32 bits")
    numbers = record.seqs_of(name, ids)
    unknown = [item_id for item_id in ids if item_id not in numbers]
    if not numbers:
        named = ", ".join(repr(item_id[:80]) for item_id in unknown[:NAMED]) or "none"
        raise InvalidRequestError(f"no item of collection {name!r} has one of the ids given: {named}")
    roll = record.roll(name)
    known = np.array([row for row, item_id in enumerate(ids) if item_id in numbers])
    seqs = np.array([numbers[ids[row]] for row in known.tolist()], dtype=np.int64)
    at = np.minimum(np.searchsorted(roll.seqs, seqs), len(roll) - 1)
    is_there = roll.seqs[at] == seqs  # it may have changed between the two looks; the follower places it
    contents, rows = roll.contents[at[is_there]], known[is_there]
    _, first = np.unique(keys(contents), return_index=True)
    points = Points(
        contents=contents[first],
        places=places[rows[first]].astype(np.float32),
        clusters=np.full(len(first), NO_CLUSTER, dtype=np.uint8),
        landmarks=_landmarks(len(first)),
    )
    drawn = Drawn(GIVEN, note="its places were given", landmarks=int(points.landmarks.sum()))
    return points, unknown, drawn


def _landmarks(count: int) -> Bools:
    """All, or as many as a map may have: evenly, which is without favour where contents are in order."""
    chosen = np.zeros(count, dtype=bool)
    chosen[np.linspace(0, count - 1, min(count, LANDMARKS)).astype(np.int64)] = True
    return chosen
