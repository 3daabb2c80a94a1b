"""Vectors by content and space, each kept once. Does not know which items have that content.

All functions work within the caller's transaction.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from sqlalchemy import Connection, Row, delete, select, update

from sightline.catalogue.dialects import Dialect
from sightline.catalogue.parts import in_parts
from sightline.catalogue.tables import items, spaces, vectors_of
from sightline.domain.arrays import Float32
from sightline.domain.collections import Space
from sightline.domain.errors import MissingVectorError, NonFiniteVectorError, SpaceMismatchError

LITTLE_ENDIAN = "<f4"
UNIT_TOLERANCE = 1e-3  # rounding to bfloat16 on the way moves a length by 4e-3 / sqrt(dim) at most


def space_row(connection: Connection, fingerprint: str) -> Row[Any]:
    """The space's row. Raises SpaceMismatchError: no collection was ever bound to it."""
    row = connection.execute(select(spaces).where(spaces.c.fingerprint == fingerprint)).one_or_none()
    if row is None:
        raise SpaceMismatchError(
            f"the record knows no space {fingerprint[:16]}; make a collection in it first"
        )
    return row


def ensure_space(connection: Connection, dialect: Dialect, space: Space) -> Row[Any]:
    """The space's row and its table of vectors, made if they are not there.

    Raises SpaceMismatchError: the record knows the fingerprint with another dim.
    """
    found = {"model": space.model, "origin": space.origin or None}
    values = {"fingerprint": space.fingerprint, "dim": space.dim, **found}
    connection.execute(dialect.insert(spaces).values(values).on_conflict_do_nothing())
    # a folder is where it was found last; a name that leads to the same model lasts longer than any folder
    mine = update(spaces).where(spaces.c.fingerprint == space.fingerprint, spaces.c.origin.is_not(None))
    connection.execute(mine.values(found))
    row = space_row(connection, space.fingerprint)
    if row.dim != space.dim:
        raise SpaceMismatchError(
            f"space {space.fingerprint[:16]} has {row.dim} dimensions in the record, not {space.dim}"
        )
    dialect.lock_schema(connection)  # of two that make the same table at once, one would fail
    vectors_of(row.id).create(connection, checkfirst=True)
    return row


def keep(connection: Connection, dialect: Dialect, space: Row[Any], vectors: Mapping[str, Float32]) -> None:
    """Keep vectors by content; what is there already stays as it is.

    Raises NonFiniteVectorError, SpaceMismatchError: a vector is no unit vector of this space.
    """
    if not vectors:
        return
    # sorted: two transactions that bring the same contents must not wait for each other
    contents = sorted(vectors)
    matrix = _checked([vectors[content] for content in contents], space.dim)
    rows = [
        {"sha256": bytes.fromhex(content), "vector": row.tobytes()}
        for content, row in zip(contents, matrix.astype(LITTLE_ENDIAN), strict=True)
    ]
    connection.execute(dialect.insert(vectors_of(space.id)).on_conflict_do_nothing(), rows)


def demand(connection: Connection, space: Row[Any], contents: Iterable[str]) -> None:
    """Raises MissingVectorError: a content has no vector in the space. Those that have are held fast."""
    wanted = sorted(set(contents))
    table = vectors_of(space.id)
    found: set[str] = set()
    for part in in_parts(wanted):
        query = select(table.c.sha256).where(table.c.sha256.in_([bytes.fromhex(c) for c in part]))
        held = connection.scalars(query.with_for_update(read=True, key_share=True))
        found.update(bytes(content).hex() for content in held)
    missing = [content for content in wanted if content not in found]
    if missing:
        raise MissingVectorError(
            f"{len(missing)} of {len(wanted)} contents have no vector in space {space.fingerprint[:16]}, "
            f"the first {missing[0]}; embed them and give the vectors"
        )


def read(connection: Connection, space: Row[Any], contents: Iterable[str]) -> dict[str, Float32]:
    """The vectors there are, by content."""
    table = vectors_of(space.id)
    found: dict[str, Float32] = {}
    for part in in_parts(sorted(set(contents))):
        query = select(table.c.sha256, table.c.vector).where(
            table.c.sha256.in_([bytes.fromhex(content) for content in part])
        )
        found.update((bytes(row.sha256).hex(), unpacked(row.vector)) for row in connection.execute(query))
    return found


def sweep(connection: Connection, dialect: Dialect) -> int:
    """Remove the vectors that no item of any collection has the content of; returns how many."""
    swept = 0
    for space in connection.execute(select(spaces)).all():
        table = vectors_of(space.id)
        dialect.lock_alone(connection, table)  # an item may be on its way that counts on one of them
        # a join, done by hashing or an index of the moment; NOT EXISTS would scan all items
        # of SQLite for each vector, NOT IN all of PostgreSQL's
        joined = table.outerjoin(items, items.c.sha256 == table.c.sha256)
        unused = select(table.c.id).select_from(joined).where(items.c.id.is_(None))
        swept += connection.execute(delete(table).where(table.c.id.in_(unused))).rowcount
    return swept


def unpacked(blob: bytes) -> Float32:
    """A blob as (dim,) float32; not to be written to."""
    return np.frombuffer(blob, dtype=LITTLE_ENDIAN).astype(np.float32, copy=False)


def _checked(vectors: list[Float32], dim: int) -> Float32:
    if any(vector.shape != (dim,) for vector in vectors):
        shape = next(vector.shape for vector in vectors if vector.shape != (dim,))
        raise SpaceMismatchError(
            f"a vector of shape {shape} is none of this space, whose vectors are ({dim},)"
        )
    matrix = np.stack(vectors).astype(np.float32, copy=False)  # (N, dim)
    lengths = np.linalg.norm(matrix, axis=1)  # (N,)
    if not (np.abs(lengths - 1) <= UNIT_TOLERANCE).all():  # NaN is not
        raise NonFiniteVectorError("a vector is not finite or not of unit length; it was not kept")
    return matrix
