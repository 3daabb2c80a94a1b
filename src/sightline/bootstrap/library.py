"""Joins record, store, sources and models to a library. Knows every product by name, and no protocol."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from sightline.bootstrap.atlas import join_atlas
from sightline.bootstrap.places import chosen_store, is_in_folder, open_record, owner_name
from sightline.catalogue import copies
from sightline.catalogue.database import Database
from sightline.catalogue.jobs import SqlLedger
from sightline.catalogue.owner import Owner
from sightline.catalogue.record import SqlRecord
from sightline.catalogue.uploads import UploadFolder
from sightline.domain.collections import SourceNote, Space
from sightline.domain.errors import SettingsError, SourceError
from sightline.domain.items import Json
from sightline.domain.ledger import REEMBED, Job
from sightline.domain.ports import Cartographer, Fetcher, Source, Store
from sightline.environment import home_of
from sightline.registry import export_format, source_class, store_class
from sightline.services.collections.choice import shown
from sightline.services.collections.export import Export
from sightline.services.collections.ingest import Ingestion
from sightline.services.collections.library import Library
from sightline.services.collections.planning import OpenSource
from sightline.services.collections.reembedding import space_asked
from sightline.services.collections.thumbnails import ThumbnailCache, Thumbnails
from sightline.services.collections.uploads import KeptUploads
from sightline.services.collections.views import Views
from sightline.services.served import ServedModels
from sightline.settings import Settings
from sightline.sources.options import Columns, SourceOptions
from sightline.sources.selection import Selection

VIEWS = "views"  # the embedded store's folder in the library's
THUMBNAILS = "thumbnails"
STORES = "duckdb, memory, qdrant://host:6333 or postgresql://user@host/database"

OpenStore = Callable[[Settings, Path, str], Store]


def open_library(
    settings: Settings,
    served: ServedModels,
    *,
    fetcher: Fetcher | None = None,
    stores: OpenStore | None = None,
    cartographer: Cartographer | None = None,
    runs_jobs: bool = True,
) -> Library:
    """The library in the settings' folder, which is this process's until the library is closed.

    fetcher: of pictures that tables name by URL; None for none.
    stores: how a store is opened by its address, as `open_store` does it unless told otherwise.
    cartographer: who draws maps; None for a process of its own.
    runs_jobs: whether it works on jobs; else they are kept for the next who opens it.
    Raises FolderOwnedError: another process has it; RecordError; SettingsError, StoreError: the store.
    """
    home = home_of(settings)
    open_address = partial(stores or open_store, settings, home)
    owner = Owner(home)
    try:
        means = _Means(open_address, partial(_open_source, settings, fetcher), cartographer)
        return _joined(settings, served, owner, means, runs_jobs=runs_jobs)
    except BaseException:
        owner.close()
        raise


@dataclass(frozen=True)
class _Means:
    """How stores and sources are opened, and who draws maps unless a process of its own does."""

    open_address: Callable[[str], Store]
    open_source: OpenSource
    cartographer: Cartographer | None


def _joined(
    settings: Settings, served: ServedModels, owner: Owner, means: _Means, *, runs_jobs: bool
) -> Library:
    """The parts of a library whose folder is ours."""
    home, choice, database = home_of(settings), chosen_store(settings), open_record(settings)
    record, ledger = SqlRecord(database), _ledger(database, home)
    cache = ThumbnailCache(home / THUMBNAILS)
    uploads = KeptUploads(record, UploadFolder(home), keeps=settings.keep_uploads, forget=cache.forget)
    database.when_loose(uploads.let_go)
    views = Views(record, means.open_address(choice.address), address=shown(choice.address))
    served.workshop.metrics.watch_lag(views.furthest_behind)
    ingestion = Ingestion(
        record,
        ledger,
        views,
        models=served.for_space,
        workshop=served.workshop,
        uploads=uploads,
        open_source=means.open_source,
        owner=owner_name(home),
    )
    return Library(
        owner=owner,
        database=database,
        record=record,
        views=views,
        choice=choice,
        open_store=means.open_address,
        uploads=uploads,
        thumbnails=Thumbnails(cache, record, uploads, means.open_source),
        export=Export(record, export_format),
        served=served,
        ingestion=ingestion,
        atlas=join_atlas(home, served, ingestion, cartographer=means.cartographer),
        runs_jobs=runs_jobs,
    )


def _ledger(database: Database, home: Path) -> SqlLedger:
    """Whoever held a shard of our folder has ended; a database on a server is not ours alone."""
    ledger = SqlLedger(database)
    ledger.release_all(None if database.is_file else owner_name(home))
    return ledger


@dataclass(frozen=True)
class Bound:
    """Which spaces a library's collections are in, and its jobs compute in; of these, the unfinished ones.

    waiting: the jobs that go on as soon as somebody works on them.
    """

    collections: Mapping[str, Space]
    jobs: Mapping[int, Space]
    unfinished: Sequence[Space]
    waiting: Sequence[Job]


def spaces_bound(settings: Settings) -> Bound:
    """Asked before any is loaded. Raises FolderOwnedError: another process has the library; RecordError."""
    home = home_of(settings)
    with Owner(home), closing(open_record(settings)) as database:
        ledger = SqlLedger(database)
        spaces = {one.name: one.space for one in SqlRecord(database).collections()}
        jobs = {job.id: _space_of(job, spaces) for job in ledger.jobs()}
        unfinished = ledger.unfinished()
        waiting = [job for job in unfinished if job.state != "paused"]
        return Bound(spaces, jobs, [_space_of(job, spaces) for job in unfinished], waiting)


def _space_of(job: Job, spaces: Mapping[str, Space]) -> Space:
    """Which a job computes in."""
    return space_asked(job) if job.kind == REEMBED else spaces[job.collection]


def restore(settings: Settings, source: Path) -> Path | None:
    """Make a backup the library's record; returns where the record before it lies now.

    Raises FolderOwnedError: somebody uses the library; RecordError: the backup cannot be used; SettingsError.
    """
    home = home_of(settings)
    with Owner(home):
        if not is_in_folder(settings):
            raise SettingsError("the record is in PostgreSQL; restore it by pg_restore")
        return copies.restore(home, source.expanduser().absolute(), UploadFolder(home))


def open_store(settings: Settings, home: Path, address: str) -> Store:
    """The store at an address. Raises SettingsError: it is none; StoreError."""
    scheme, _, rest = address.partition("://")
    key = settings.qdrant_api_key
    match scheme:
        case "duckdb" if not rest:
            store = store_class("duckdb")(home / VIEWS)
        case "memory" if not rest:
            store = store_class("memory")()
        case "qdrant" | "qdrants" if rest:
            url = f"{'https' if scheme == 'qdrants' else 'http'}://{rest}"
            store = store_class("qdrant").at(
                url, api_key=key.get_secret_value() if key else None, timeout_s=settings.store_timeout_s
            )
        case "postgresql" | "postgres" if rest:
            store = store_class("pgvector")(
                address, schema=settings.postgres_schema, timeout_s=settings.store_timeout_s
            )
        case _:
            raise SettingsError(f"the store {scheme[:40]!r} is not known; give {STORES}")
    opened: Store = store
    return opened


def _open_source(settings: Settings, fetcher: Fetcher | None, note: SourceNote) -> Source:
    options = note.options
    for place in (note.address, _text(options.get("root"))):
        if place is not None:
            _require_same_place(place)
    source: Source = source_class(note.address)(
        note.address,
        SourceOptions(
            max_image_bytes=settings.max_image_bytes,
            selection=Selection(
                include=_texts(options.get("include")),
                exclude=_texts(options.get("exclude")),
                hidden=options.get("hidden") is True,
            ),
            columns=_columns(options.get("columns")),
            root=_text(options.get("root")),
            encoding=_text(options.get("encoding")),
            fetcher=fetcher,
        ),
    )
    return source


def _require_same_place(address: str) -> None:
    """Raises SourceError: it was resolved when it was noted, and leads through a link now."""
    path = Path(address)
    if "://" not in address and path.exists() and path.resolve() != path.absolute():
        raise SourceError(f"{address[:200]!r} is, or leads through, a link by now; give the folder itself")


def _columns(given: Json) -> Columns:
    options: Mapping[str, Any] = given if isinstance(given, Mapping) else {}
    metadata, types = options.get("metadata"), options.get("types")
    return Columns(
        id=_text(options.get("id")),
        pictures=_texts(options.get("pictures")),
        data=_texts(options.get("data")),
        metadata=None if metadata is None else _texts(metadata),
        types=types if isinstance(types, Mapping) else {},
    )


def _text(value: Json) -> str | None:
    return value if isinstance(value, str) else None


def _texts(value: Json) -> Sequence[str]:
    return tuple(one for one in value if isinstance(one, str)) if isinstance(value, list) else ()
