"""All collections of one record, with the work that is done on them. Knows no protocol and no product."""

import contextlib
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from sightline.domain.arrays import Float32
from sightline.domain.catalogue import Record
from sightline.domain.collections import PICTURE, Changeset, Collection, Item, SourceNote, Space
from sightline.domain.errors import ImageError, JobStateError
from sightline.domain.ledger import Job
from sightline.domain.maps import Map
from sightline.domain.ports import Store, Uploads
from sightline.services.atlas.atlas import Atlas
from sightline.services.atlas.colours import Colours
from sightline.services.atlas.fields import Fields
from sightline.services.atlas.selecting import Selecting
from sightline.services.atlas.sheets import Sheets
from sightline.services.collections.choice import ChosenStore, shown
from sightline.services.collections.duplicates import Duplicates
from sightline.services.collections.export import Export
from sightline.services.collections.ingest import Ingestion
from sightline.services.collections.inspection import Inspection
from sightline.services.collections.planning import Order, source_name
from sightline.services.collections.search import Search
from sightline.services.collections.thumbnails import Thumbnails
from sightline.services.collections.uploads import KeptUploads
from sightline.services.collections.views import Views, ViewState
from sightline.services.model import Model
from sightline.services.served import ServedModels


class Closing(Protocol):
    def close(self) -> None: ...


class Enclosure(Protocol):
    """How many uploads a backup holds, and how many it lacks."""

    @property
    def held(self) -> int: ...

    @property
    def lacking(self) -> int: ...


class Keeper(Closing, Protocol):
    """What the record is in."""

    def faults(self) -> list[str]:
        """What is wrong with it, in words; nothing where all is well. Reads all of it."""
        ...

    def back_up(self, target: Path, uploads: Uploads | None = None) -> Enclosure:
        """Copy it as it is now, while others write. uploads: to go with it. Raises RecordError, OSError."""
        ...


class Ownership(Closing, Protocol):
    def announce(self, address: str | None, token: str | None = None) -> None:
        """Say where this process can be asked, and by which token it knows who reads the folder."""
        ...


@dataclass(frozen=True)
class Described:
    """A collection as people see it."""

    collection: Collection
    view: ViewState
    store: str
    store_address: str
    sources: Sequence[SourceNote]
    counts: Mapping[str, int]  # of items, by the source's name
    map: Map | None


class Library:
    """Made by bootstrap; used from several threads between `start` and `close`."""

    def __init__(  # the parts it joins, each named by the caller
        self,
        *,
        owner: Ownership,
        database: Keeper,
        record: Record,
        views: Views,
        choice: ChosenStore,
        open_store: Callable[[str], Store],
        uploads: KeptUploads,
        thumbnails: Thumbnails,
        export: Export,
        served: ServedModels,
        ingestion: Ingestion,
        atlas: Atlas,
        runs_jobs: bool = True,
    ) -> None:
        """runs_jobs: whether jobs are worked on; else they are kept, for the next who opens the library."""
        self.owner = owner
        self._database = database
        self.record = record
        self.views = views
        self._choice = choice
        self._open_store = open_store
        self.uploads = uploads
        self.thumbnails = thumbnails
        self.export = export
        self.duplicates = Duplicates(record, views, atlas.graph)
        self.sheets, self.selecting = Sheets(record), Selecting(views)
        self.search = Search(record, views, self.sheets)
        self.colours, self.fields = Colours(record), Fields(record)
        self.inspection = Inspection(record, views, database.faults)
        self.served = served
        self.ingestion = ingestion
        self.atlas = atlas
        self._runs_jobs = runs_jobs
        self._switching = threading.Lock()

    def start(self) -> None:
        """Follow the record, and go on with every job."""
        self.uploads.recover()
        self.views.start()
        if self._runs_jobs:
            self.ingestion.start()
            self.atlas.start()

    def close(self) -> None:
        """Keep what is in hand, and give the folder back."""
        self.atlas.close()
        self.ingestion.close()
        self.views.close()
        self._database.close()
        self.owner.close()

    def create(self, name: str, model: str | None = None) -> Described:
        """An empty collection of a served model's space, the default's unless one is named.

        Raises InvalidRequestError, CollectionExistsError, UnknownServedModelError, NotReadyError.
        """
        self.record.create(name, space_of(self.served.get(model).model))
        self.views.nudge(name)
        return self.describe(name)

    def ensure(self, name: str, model: str | None = None) -> Collection:
        """The collection, made if it is not there.

        Raises SpaceMismatchError: it is of another model than the one named; and as `create`.
        """
        if model is None and (there := self._find(name)) is not None:
            self.served.for_space(there.space)  # refused now, not in the middle of a job
            return there
        return self.record.bind(name, space_of(self.served.get(model).model))

    def take_in(self, name: str, order: Order, model: str | None = None) -> Job:
        """A job, kept before this returns. The collection is made for it if there is something to put in.

        Raises SourceError: there is nothing in it, or it cannot be read; and as `ensure`.
        """
        if self._find(name) is None:
            self.served.get(model)  # sooner than a scan tells
            self.ingestion.require_picture(order)
        self.ensure(name, model)
        return self.ingestion.submit(name, order)

    def describe(self, name: str) -> Described:
        """Raises UnknownCollectionError."""
        collection = self.record.collection(name)
        store = self.views.store.name
        sources, counts = self.record.sources(name), self.record.source_counts(name)
        return Described(
            collection,
            self.views.state(name),
            store,
            self.views.address,
            sources,
            counts,
            self.record.maps.of(name),
        )

    def unserved(self) -> list[Collection]:
        """The collections that are of none of the models served here."""
        served = {self.served.get(name).model.fingerprint for name in self.served.names}
        return [one for one in self.record.collections() if one.space.fingerprint not in served]

    def put(
        self, name: str, items: Sequence[Item], vectors: Sequence[Float32], sent: Mapping[str, bytes]
    ) -> int:
        """Items with their vectors, all or none; returns the number of the newest change.

        sent: their bytes by sha256, kept where that is wished. An item's key says what they are.
        Raises UnknownCollectionError, SpaceMismatchError, StorageFullError.
        """
        space = self.record.collection(name).space
        by_content = {item.sha256: vector for item, vector in zip(items, vectors, strict=True)}
        kept = items if self.uploads.keeps else [replace(item, key="") for item in items]
        changes = Changeset(space.fingerprint, upserts=kept, vectors=by_content)
        limits = self.served.for_space(space).model.limits
        with self.uploads.deciding(coming=sent):  # thumbnails too: they go with what another lets go of
            head = self.record.commit(name, changes)
            self.views.nudge(name)
            for sha256 in {item.sha256 for item in items if item.key == PICTURE}:
                with contextlib.suppress(ImageError):
                    self.thumbnails.keep(sha256, sent[sha256], limits)
        return head

    def remove(self, name: str, ids: Sequence[str]) -> int:
        """Take items out; of those that are not there, nothing. Returns the number of the newest change."""
        space = self.record.collection(name).space
        head = self.record.commit(name, Changeset(space.fingerprint, removals=ids))
        self.views.nudge(name)
        return head

    def remove_source(self, name: str, source: str) -> int:
        """Forget a source and take its items out, all or none; returns how many.

        Raises UnknownCollectionError, UnknownSourceError; JobStateError: a job takes it in just now.
        """
        for job in self.ingestion.ledger.unfinished():
            if job.collection == name and source_name(job) == source:
                raise JobStateError(
                    f"job {job.id} takes {source[:200]!r} in; cancel it first, or wait for its end"
                )
        count = self.record.remove_source(name, source)
        self.views.nudge(name)
        return count

    def delete(self, name: str) -> None:
        """Delete a collection. Nobody sees it from now on; where its store is down, the rest comes later."""
        self.record.retire(name)
        self.atlas.forget(name)
        self.views.end(name)

    def store(self) -> dict[str, str]:
        """Its name, and its address without the password."""
        return {"name": self.views.store.name, "address": self.views.address}

    def switch_store(self, address: str) -> None:
        """Fill another store from the record, then use it. Costs no forward pass.

        Raises SettingsError, StoreError: it cannot be used; everything stays as it is.
        """
        self._choice.require_free()
        with self._switching:
            if address != self._choice.address:
                self.views.switch(self._open_store(address), shown(address))
                self._choice.keep(address)

    def keep_store(self) -> None:
        """Choose the store in use from the next start on too."""
        self._choice.keep(self._choice.address)

    def back_up(self, target: Path, *, record_only: bool = False) -> Enclosure:
        """Copy the record, as it is now, and the uploads into a file. Raises RecordError, OSError."""
        return self._database.back_up(target, None if record_only else self.uploads.folder)

    def _find(self, name: str) -> Collection | None:
        return next((one for one in self.record.collections() if one.name == name), None)


def space_of(model: Model) -> Space:
    """Where a model's vectors can be compared."""
    return Space(model.fingerprint, model.card.name, model.dim, model.origin)
