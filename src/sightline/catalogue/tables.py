"""The record's tables. Does not know which database keeps them, nor who reads them.

Vectors lie in a table for each space, keyed by content: items point at them by sha256.
"""

import json
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Dialect,
    Double,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    false,
)
from sqlalchemy.dialects import postgresql

# PostgreSQL would sort by the server's language, and SQLite sorts by code point: pages must not depend on it
Name = Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
# SQLite counts ids up by itself only where the type is spelled INTEGER; it holds 64 bits there all the same
Id = BigInteger().with_variant(Integer, "sqlite")


class Document(TypeDecorator[Any]):
    """JSON as text of ASCII, so that no database's idea of text or JSON can refuse or change it."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:  # noqa: ARG002  # its signature
        return None if value is None else json.dumps(value, allow_nan=False, separators=(",", ":"))

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:  # noqa: ARG002
        return None if value is None else json.loads(value)


class Address(TypeDecorator[str]):
    """A path or URL as bytes: a file's name need not be text, and must come back as it was."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> bytes | None:  # noqa: ARG002
        return None if value is None else value.encode("utf-8", "surrogateescape")

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        return None if value is None else bytes(value).decode("utf-8", "surrogateescape")


class Prose(TypeDecorator[str]):
    """Text for people: what a database's text cannot hold becomes a question mark."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        return None if value is None else value.replace("\0", "?").encode("utf-8", "replace").decode()


metadata = MetaData()

steps = Table(
    "schema_steps",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False),
    Column("applied_at", Double, nullable=False),
)

spaces = Table(
    "spaces",
    metadata,
    Column("id", Id, primary_key=True),
    Column("fingerprint", Name, nullable=False, unique=True),
    Column("model", Text, nullable=False),
    Column("dim", Integer, nullable=False),
    Column("origin", Address),  # the model's folder; NULL: its name leads to it
    sqlite_autoincrement=True,  # the number is part of a table's name: never given twice
)

collections = Table(
    "collections",
    metadata,
    Column("id", Id, primary_key=True),
    Column("name", Name, nullable=False, unique=True),
    Column("space_id", ForeignKey("spaces.id"), nullable=False),
    Column(
        "seq", BigInteger, nullable=False, default=0
    ),  # of the newest change; the row is locked to raise it
    Column("retired", Boolean, nullable=False, server_default=false()),
    Column("created_at", Double, nullable=False),
    sqlite_autoincrement=True,
)

items = Table(
    "items",
    metadata,
    Column("collection_id", ForeignKey("collections.id", ondelete="CASCADE"), primary_key=True),
    Column("id", Name, primary_key=True),
    Column("seq", BigInteger, nullable=False),  # of its last change
    Column("sha256", LargeBinary),  # NULL: removed; the row stays to tell the views
    Column("uri", Address, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("mtime_ns", BigInteger),
    Column("metadata", Document, nullable=False),
    Column("source", Name, nullable=False, default=""),
    Column("key", Address, nullable=False, default=""),
    Index("items_by_seq", "collection_id", "seq", unique=True),
    Index("items_by_content", "collection_id", "sha256"),  # also counts what is there without reading rows
    Index("items_by_source", "collection_id", "source", "sha256"),  # likewise, of each source
)

sources = Table(
    "sources",
    metadata,
    Column("collection_id", ForeignKey("collections.id", ondelete="CASCADE"), primary_key=True),
    Column("name", Name, primary_key=True),
    Column("address", Address, nullable=False),
    Column("options", Document, nullable=False),
)

jobs = Table(
    "jobs",
    metadata,
    Column("id", Id, primary_key=True),
    Column("collection_id", ForeignKey("collections.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("kind", Text, nullable=False),
    Column("request", Document, nullable=False),
    Column("scan", Document),  # NULL until it is planned
    Column("state", Text, nullable=False),
    Column("planned", Boolean, nullable=False, default=False),
    Column("reason", Text),
    Column("message", Prose),
    Column("total", BigInteger, nullable=False, default=0),
    Column("done", BigInteger, nullable=False, default=0),
    Column("failed", BigInteger, nullable=False, default=0),
    Column("computed", BigInteger, nullable=False, default=0),
    Column("events", BigInteger, nullable=False, default=0),  # how many there are: the newest one's id
    Column("created_at", Double, nullable=False),
    Column("finished_at", Double),
    sqlite_autoincrement=True,
)

shards = Table(
    "shards",
    metadata,
    Column("id", Id, primary_key=True),
    Column("job_id", ForeignKey("jobs.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("tasks", Document, nullable=False),  # [[id, payload], ...], frozen; empty once all are settled
    Column("size", Integer, nullable=False),
    Column("reached", Integer, nullable=False, default=0),  # how many are settled, from the front
    Column("is_done", Boolean, nullable=False, default=False),
    Column("owner", Text),
    Column("leased_until", Double),  # by the database's clock, see dialects
    Column("attempts", Integer, nullable=False, default=0),
    Index("shards_left", "is_done", "job_id", "id"),  # the next to lease, whatever has been done before
    sqlite_autoincrement=True,
)

job_errors = Table(
    "job_errors",
    metadata,
    Column("job_id", ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True),
    Column("task_id", Name, primary_key=True),
    Column("payload", Document, nullable=False),  # the task's own, so that it can be done again
    Column("code", Text, nullable=False),
    Column("message", Prose, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("is_queued", Boolean, nullable=False, default=False),  # it waits in a shard to be tried again
)

events = Table(
    "events",
    metadata,
    Column("job_id", ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True),
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("kind", Text, nullable=False),
    Column("at", Double, nullable=False),
    Column("data", Document, nullable=False),
)

loose = Table(
    "loose",
    metadata,
    Column("id", Id, primary_key=True),  # a content may be there more than once
    Column("owner", Name, nullable=False),  # in whose folder its bytes lie, where several share a database
    Column("sha256", LargeBinary, nullable=False),
    Index("loose_by_content", "owner", "sha256"),
)

views = Table(
    "views",
    metadata,
    Column("collection_id", Id, primary_key=True, autoincrement=False),
    Column("store", Name, primary_key=True),
    Column("address", Text, nullable=False),
    Column("cursor", BigInteger, nullable=False),
    ForeignKeyConstraint(["collection_id"], ["collections.id"], ondelete="CASCADE"),
)


maps = Table(
    "maps",
    metadata,
    Column("id", Id, primary_key=True),
    Column("collection_id", ForeignKey("collections.id", ondelete="CASCADE"), nullable=False, unique=True),
    Column("space_id", ForeignKey("spaces.id"), nullable=False),
    Column("order", Document, nullable=False),
    Column("drawn", Document, nullable=False),
    Column("clusters", Document, nullable=False),
    Column("points", BigInteger, nullable=False),
    Column("edition", BigInteger, nullable=False),  # raised whenever points come to it
    Column("made_at", Double, nullable=False),
    sqlite_autoincrement=True,  # the number is part of a version that pages remember: never given twice
)

point_pages = Table(
    "point_pages",
    metadata,
    Column("map_id", ForeignKey("maps.id", ondelete="CASCADE"), primary_key=True),
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("contents", LargeBinary, nullable=False),  # 32 bytes of each point, ascending within the page
    Column("places", LargeBinary, nullable=False),  # x and y of each, little-endian float32
    Column("clusters", LargeBinary, nullable=False),
    Column("landmarks", LargeBinary, nullable=False),
)


@cache
def vectors_of(space_id: int) -> Table:
    """The vectors of one space: sha256 of the content -> little-endian float32."""
    return Table(
        f"vectors_{space_id}",
        MetaData(),
        Column("id", Id, primary_key=True),  # rows in the order they came; by sha256 each would split a page
        Column("sha256", LargeBinary, nullable=False, unique=True),
        Column("vector", LargeBinary, nullable=False),
    )
