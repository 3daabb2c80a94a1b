"""The record of collections, items and vectors. Does not know models, nor the views made of it."""

import time
from collections.abc import Iterator, Sequence

from sqlalchemy import delete, select, update

from sightline.catalogue import changes, loose, queries, rolls, sources, switching, vectors, views
from sightline.catalogue.database import Database
from sightline.catalogue.maps import SqlMaps
from sightline.catalogue.tables import collections, items
from sightline.domain.arrays import Float32
from sightline.domain.collections import (
    Changeset,
    Collection,
    Document,
    Item,
    Mark,
    Roll,
    SourceNote,
    Space,
    ViewNote,
)
from sightline.domain.errors import CollectionExistsError, SpaceMismatchError
from sightline.domain.items import Change, checked_collection

PAGE = 1000  # of a walk: 4 MB of vectors of 1024 dimensions
EVERY_ITEM = ""  # sorts before all ids


class SqlRecord:
    """Safe to use from several threads; each call is one transaction.

    Besides what each method names, all raise RecordUnavailableError and RecordBrokenError, those that write
    StorageFullError, and those that take a collection's name UnknownCollectionError.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self.maps = SqlMaps(database)

    def create(self, name: str, space: Space) -> Collection:
        """Raises InvalidRequestError: no such name can be given; CollectionExistsError."""
        if not self._created(name, space):
            raise CollectionExistsError(
                f"there is a collection {name!r} already; delete it or take another name"
            )
        return self.collection(name)

    def bind(self, name: str, space: Space) -> Collection:
        """The collection, made if it is not there. Raises SpaceMismatchError: it has another space."""
        self._created(name, space)
        collection = self.collection(name)
        if collection.space.fingerprint != space.fingerprint:
            raise SpaceMismatchError(
                f"collection {name!r} holds vectors of {collection.space.model} "
                f"({collection.space.fingerprint[:16]}), not of {space.model} ({space.fingerprint[:16]}): "
                "use the first model, re-embed the collection, or take another name"
            )
        return collection

    def collections(self) -> list[Collection]:
        """All of them, by name."""
        with self._database.reading() as connection:
            return [queries.collection(row) for row in connection.execute(queries.described())]

    def collection(self, name: str) -> Collection:
        with self._database.reading() as connection:
            changes.collection_row(connection, name)
            return queries.collection(
                connection.execute(queries.described().where(collections.c.name == name)).one()
            )

    def space(self, name: str) -> Space:
        """The space a collection is bound to: cheaper than `collection`, which counts."""
        with self._database.reading() as connection:
            row = changes.collection_row(connection, name)
            return queries.space(row)

    def head(self, name: str) -> int:
        """The number of a collection's newest change: cheaper than `collection`, which counts."""
        with self._database.reading() as connection:
            return int(changes.collection_row(connection, name).seq)

    def retire(self, name: str) -> None:
        """First half of a deletion: nobody sees the collection any more, and its name is still taken.

        Between the halves its views are dropped; were the name free, a new collection would meet them.
        """
        with self._database.writing("retire") as connection:
            row = changes.collection_row(connection, name, locked=True)
            connection.execute(update(collections).where(collections.c.id == row.id).values(retired=True))
            loose.note(
                connection, connection.scalars(queries.uploads(name).with_only_columns(items.c.sha256))
            )

    def retired(self) -> list[str]:
        """Collections whose deletion was begun: to be ended after a restart."""
        with self._database.reading() as connection:
            return list(connection.scalars(select(collections.c.name).where(collections.c.retired)))

    def delete(self, name: str) -> None:
        """Second half: the rows of a retired collection go, with its jobs. Its vectors stay until a sweep."""
        with self._database.writing("delete") as connection:
            connection.execute(delete(collections).where(collections.c.name == name, collections.c.retired))

    def commit(self, name: str, changeset: Changeset) -> int:
        """Make a changeset true, or nothing of it; returns the number of the newest change.

        Raises SpaceMismatchError, MissingVectorError, NonFiniteVectorError.
        """
        with self._database.writing("commit") as connection:
            return changes.take(connection, self._database.dialect, name, changeset)

    def changes_since(self, name: str, cursor: int, limit: int) -> list[Change]:
        """The changes after a number, in order. An item changed twice shows its last change only."""
        with self._database.reading() as connection:
            return changes.since(connection, name, cursor, limit)

    def items(self, name: str, ids: Sequence[str]) -> dict[str, Item]:
        """Those of the items that are there."""
        with self._database.reading() as connection:
            return {item.id: item for item in queries.items_by_id(connection, name, ids)}

    def page(
        self, name: str, *, after: str = EVERY_ITEM, limit: int = PAGE, source: str | None = None
    ) -> list[Item]:
        """The items whose ids follow `after`, by code point; source: of one source only."""
        with self._database.reading() as connection:
            query = (
                queries.present(connection, name).where(items.c.id > after).order_by(items.c.id).limit(limit)
            )
            if source is not None:
                query = query.where(items.c.source == source)
            return [changes.item(row) for row in connection.execute(query)]

    def marks(self, name: str, source: str) -> Iterator[tuple[str, Mark]]:
        """Each item of a source by id, in no order; to be read through at once."""
        with self._database.reading() as connection:
            yield from changes.marks(connection, name, source)

    def walk(self, name: str) -> Iterator[tuple[Item, Float32]]:
        """Every item with its vector, by id. Page by page: what changes meanwhile is met as it is then."""
        after = EVERY_ITEM
        while page := self._page_with_vectors(name, after):
            yield from page
            after = page[-1][0].id

    def vectors(self, fingerprint: str, contents: Sequence[str]) -> dict[str, Float32]:
        """The vectors there are in a space, by the contents' sha256 in hex: they cost no forward pass."""
        with self._database.reading() as connection:
            return vectors.read(connection, vectors.space_row(connection, fingerprint), contents)

    def vectors_of(self, name: str, ids: Sequence[str]) -> dict[str, Float32]:
        """The vectors of those of the items that are there, by id."""
        with self._database.reading() as connection:
            space = vectors.space_row(connection, changes.collection_row(connection, name).fingerprint)
            contents = {item.id: item.sha256 for item in queries.items_by_id(connection, name, ids)}
            found = vectors.read(connection, space, contents.values())
            return {item_id: found[content] for item_id, content in contents.items()}

    def sample(self, name: str, limit: int) -> Float32:
        """Vectors (N, dim) of at most `limit` items: of the smallest sha256, which is as good as chance."""
        with self._database.reading() as connection:
            return queries.sample(connection, name, limit)

    def copies(self, name: str) -> list[Item]:
        """The items whose content another item of the collection also has, by content, then by id."""
        with self._database.reading() as connection:
            return queries.copies(connection, name)

    def prepare_space(self, space: Space) -> None:
        """Make room for vectors of a space that no collection is bound to yet."""
        with self._database.writing("space") as connection:
            vectors.ensure_space(connection, self._database.dialect, space)

    def without_vector(self, name: str, fingerprint: str, *, after: str = EVERY_ITEM) -> list[Item]:
        """A page of the items that have no vector in a space: what is left to do before a switch."""
        with self._database.reading() as connection:
            query = queries.lacking(connection, name, fingerprint).where(items.c.id > after)
            return [changes.item(row) for row in connection.execute(query.order_by(items.c.id).limit(PAGE))]

    def switch(self, name: str, fingerprint: str) -> Collection:
        """Bind the collection to a space that has a vector for every item. All items count as changed.

        Raises MissingVectorError: it has not; SpaceMismatchError: there is no such space.
        """
        with self._database.writing("switch") as connection:
            switching.switch(connection, name, fingerprint)
        return self.collection(name)

    def uploads(self, name: str) -> Iterator[Item]:
        """Every item that came with a request, by id; also of a retired collection.

        Page by page: what changes meanwhile is met as it is then.
        """
        after = EVERY_ITEM
        while page := self._page_of_uploads(name, after):
            yield from page
            after = page[-1].id

    def uploaded(self, contents: Sequence[str]) -> set[str]:
        """Those of the contents that an item has that came with a request; retired collections have none."""
        with self._database.reading() as connection:
            return queries.uploaded(connection, contents)

    def loose(self) -> list[str]:
        """What transactions let go of, and `let_go` has not been told of."""
        with self._database.reading() as connection:
            return loose.noted(connection)

    def let_go(self, contents: Sequence[str]) -> None:
        """Whoever keeps the bytes has taken note: the contents are loose no more."""
        with self._database.writing("loose") as connection:
            loose.drop(connection, contents)

    def sweep(self) -> int:
        """Remove vectors whose content no item has any more; returns how many."""
        with self._database.writing("sweep") as connection:
            return vectors.sweep(connection, self._database.dialect)

    def note_source(self, name: str, note: SourceNote) -> None:
        """Remember where items came from; a source noted again is replaced."""
        with self._database.writing("source") as connection:
            row = changes.collection_row(connection, name)
            sources.note(connection, self._database.dialect, row.id, note)

    def sources(self, name: str) -> list[SourceNote]:
        """The sources of a collection, by name."""
        with self._database.reading() as connection:
            return sources.noted(connection, changes.collection_row(connection, name).id)

    def source_counts(self, name: str) -> dict[str, int]:
        """How many items each source has, by its name; the empty one is of those that came with requests."""
        with self._database.reading() as connection:
            return sources.counts(connection, changes.collection_row(connection, name).id)

    def shared(self, name: str, source: str) -> dict[str, int]:
        """How many of a source's items another has too, with the same bytes, by the other's name."""
        with self._database.reading() as connection:
            return sources.shared(connection, changes.collection_row(connection, name).id, source)

    def remove_source(self, name: str, source: str) -> int:
        """Forget a source and remove its items; returns how many. Raises UnknownSourceError."""
        with self._database.writing("source.remove") as connection:
            row = changes.collection_row(connection, name, locked=True)
            return sources.remove(connection, row, source)

    def note_view(self, name: str, note: ViewNote) -> None:
        """Remember how far a view of the collection is."""
        with self._database.writing("view") as connection:
            row = changes.collection_row(connection, name)
            views.note(connection, self._database.dialect, row.id, note)

    def views(self, name: str) -> list[ViewNote]:
        with self._database.reading() as connection:
            return views.noted(connection, changes.collection_row(connection, name).id)

    def roll(self, name: str, after: int = 0) -> Roll:
        """All items that were changed after a number, as numbers: a million in seconds."""
        with self._database.reading() as connection:
            return rolls.roll(connection, name, after)

    def vectors_since(self, name: str, cursor: int, limit: int) -> tuple[Roll, Float32]:
        """Of the items changed after a number, in order, at most `limit`: the roll, and (N, dim)."""
        with self._database.reading() as connection:
            return rolls.vectors_since(connection, name, cursor, limit)

    def items_at(self, name: str, seqs: Sequence[int]) -> dict[int, Item]:
        with self._database.reading() as connection:
            return rolls.items_at(connection, name, seqs)

    def seqs_of(self, name: str, ids: Sequence[str]) -> dict[str, int]:
        with self._database.reading() as connection:
            return rolls.seqs_of(connection, name, ids)

    def items_with(self, name: str, contents: Sequence[str]) -> dict[str, Item]:
        with self._database.reading() as connection:
            return rolls.items_with(connection, name, contents)

    def documents(self, name: str, cursor: int, limit: int, *, every: int = 1) -> list[Document]:
        with self._database.reading() as connection:
            return rolls.documents(connection, name, (cursor, limit, every))

    def _created(self, name: str, space: Space) -> bool:
        values = {"name": checked_collection(name), "seq": 0, "created_at": time.time()}
        with self._database.writing("create") as connection:
            row = vectors.ensure_space(connection, self._database.dialect, space)
            insert = self._database.dialect.insert(collections).values(space_id=row.id, **values)
            made = connection.execute(insert.on_conflict_do_nothing().returning(collections.c.id))
            return made.first() is not None

    def _page_of_uploads(self, name: str, after: str) -> list[Item]:
        with self._database.reading() as connection:
            query = queries.uploads(name).where(items.c.id > after).order_by(items.c.id).limit(PAGE)
            return [changes.item(row) for row in connection.execute(query)]

    def _page_with_vectors(self, name: str, after: str) -> list[tuple[Item, Float32]]:
        with self._database.reading() as connection:
            return queries.with_vectors(connection, name, after=after, limit=PAGE)
