"""Where a collection lies in PostgreSQL, and how a vector is written there. Knows no search."""

import struct
from dataclasses import dataclass
from typing import LiteralString

import numpy as np
from psycopg.adapt import Buffer, Dumper
from psycopg.pq import Format
from psycopg.sql import SQL, Composable, Composed, Identifier

from sightline.domain.arrays import Float32

VIEWS = "_views"  # no collection can be called so
EVERY_ROW = SQL("TRUE")


@dataclass(frozen=True)
class Table:
    """The table of a collection. Schema and collection have passed the allow-list of identifiers."""

    schema: str
    collection: str
    dim: int

    @property
    def name(self) -> str:
        """As to_regclass reads it."""
        return f'"{self.schema}"."{self.collection}"'

    def sql(self, text: LiteralString, *, where: Composable = EVERY_ROW) -> Composed:
        """A statement about this {table}, the list of {views}, its length of vectors {dim}."""
        return SQL(text).format(
            table=Identifier(self.schema, self.collection),
            views=Identifier(self.schema, VIEWS),
            dim=self.dim,
            where=where,
        )


class VectorDumper(Dumper):
    """A vector in pgvector's own bytes: length, a reserved field, float32 in network order."""

    format = Format.BINARY

    def dump(self, obj: Float32) -> Buffer:
        return struct.pack(">HH", len(obj), 0) + np.asarray(obj).astype(">f4").tobytes()


def read_vector(sent: bytes) -> Float32:
    """What vector_send gave, (dim,)."""
    return np.frombuffer(sent, dtype=">f4", offset=4).astype(np.float32)
