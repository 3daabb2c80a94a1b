"""Items, vectors and tasks made from a number, for tests of the record."""

import hashlib
from collections.abc import Iterable

import numpy as np

from sightline.domain.arrays import Float32
from sightline.domain.collections import Changeset, Item, Space
from sightline.domain.ledger import Failure, Lease, Outcome, Task

DIM = 8
SPACE = Space("a" * 64, "mini", DIM)
OTHER_SPACE = Space("b" * 64, "clip-vit-b-32", DIM)


def content(number: int) -> str:
    return hashlib.sha256(str(number).encode()).hexdigest()


def vector(sha256: str, space: Space = SPACE) -> Float32:
    """The vector that a content has in a space: always the same, and of no other content."""
    drawn = np.random.default_rng(int(sha256[:16], 16)).normal(size=space.dim)
    if space is not SPACE:
        drawn = drawn[::-1]
    return np.asarray(drawn / np.linalg.norm(drawn), dtype=np.float32)


def item(number: int, /, *, of: int | None = None, **metadata: object) -> Item:
    """Item `number`, with the content of another number if one is given."""
    return Item(
        id=f"item-{number:05d}",
        uri=f"pictures/{number}.jpg",
        sha256=content(number if of is None else of),
        size_bytes=100 + number,
        mtime_ns=number,
        metadata=metadata,
    )


def upserts(numbers: Iterable[int]) -> Changeset:
    items = [item(number, number=number) for number in numbers]
    return Changeset(SPACE.fingerprint, items, vectors={one.sha256: vector(one.sha256) for one in items})


def removals(*numbers: int) -> Changeset:
    return Changeset(SPACE.fingerprint, removals=[item(number).id for number in numbers])


def tasks(count: int) -> list[Task]:
    return [Task(item(number).id, {"number": number}) for number in range(count)]


def outcome(lease: Lease, settled: int | None = None, *, failing: Iterable[int] = ()) -> Outcome:
    """What comes of a lease's first tasks (all of them unless told), where those of some numbers fail."""
    bad = set(failing)
    mine = lease.tasks[:settled]
    numbers = [int(str(task.payload["number"])) for task in mine]
    failures = [
        Failure(task.id, "broken_image", f"picture {number} is broken")
        for task, number in zip(mine, numbers, strict=True)
        if number in bad
    ]
    return Outcome(len(mine), upserts(n for n in numbers if n not in bad), failures)
