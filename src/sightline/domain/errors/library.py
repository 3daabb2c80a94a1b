"""Errors of collections, sources, stores and the record. Does not know models or pictures."""

from sightline.domain.errors.root import InputError, SightlineError


class InvalidFilterError(InputError):
    code = "invalid_filter"


class UnknownCollectionError(InputError):
    code = "collection_not_found"


class UnknownSourceError(InputError):
    code = "source_not_found"


class UnknownItemError(InputError):
    code = "item_not_found"


class CollectionExistsError(InputError):
    """There is such a collection already, or a view of it that holds vectors of another length."""

    code = "collection_exists"


class SpaceMismatchError(InputError):
    """Vectors of one model were to meet vectors of another; both are named."""

    code = "space_mismatch"


class MissingVectorError(InputError):
    """Items were to be kept whose vectors were neither given nor there."""

    code = "missing_vector"


class MissingUploadsError(InputError):
    """Items came with requests whose bytes were not kept, so no other model can embed them."""

    code = "missing_uploads"


class UnknownJobError(InputError):
    code = "job_not_found"


class JobStateError(InputError):
    """A job cannot go from the state it is in to the one asked for."""

    code = "job_state"


class NoMapError(InputError):
    code = "no_map"


class MapChangedError(InputError):
    """Rows of a map were named that have other numbers by now."""

    code = "map_changed"


class SourceError(InputError):
    """Whoever names a source may read it, so its path is shown."""

    code = "invalid_source"


class EntryError(InputError):
    code = "entry_unreadable"


class EntryGoneError(EntryError):
    code = "entry_gone"


class EntryChangedError(EntryError):
    """It is another picture than the one that was scanned; the next scan finds it."""

    code = "entry_changed"


class NotAFileError(EntryError):
    """A link, a pipe, a device, a socket or a folder, where a file was expected."""

    code = "not_a_file"


class OutsideSourceError(EntryError):
    code = "outside_source"


class BrokenRowError(EntryError):
    code = "broken_row"


class StoreError(SightlineError):
    code = "store_error"


class StoreUnavailableError(StoreError):
    """The store does not answer, is full, or another process holds it; what it has stays. Wait, try again."""

    code = "store_unavailable"


class StoreBrokenError(StoreError):
    """What the store had cannot be trusted and was set aside; open it again and replay the record."""

    code = "store_broken"


class StoreNotInstalledError(StoreError):
    code = "store_not_installed"


class RecordError(SightlineError):
    code = "record_error"


class StorageFullError(RecordError):
    """Nothing of the transaction was kept; what was kept before can be read."""

    code = "storage_full"


class RecordUnavailableError(RecordError):
    code = "record_unavailable"


class RecordBrokenError(RecordError):
    code = "record_broken"


class RecordNewerError(RecordError):
    code = "record_newer"


class FolderOwnedError(RecordError):
    """Another process owns the folder. address: where it can be asked, if it says."""

    code = "folder_owned"

    def __init__(self, message: str, *, pid: int | None, address: str | None) -> None:
        super().__init__(message)
        self.pid = pid
        self.address = address


class MapFailedError(SightlineError):
    code = "map_failed"


class LeaseLostError(SightlineError):
    code = "lease_lost"


class ServerAwayError(SightlineError):
    """The process that owns the library cannot be asked, or ended before it had answered."""

    code = "server_away"


class ServerRefusedError(SightlineError):
    """A server would not do what it was asked; code and message are its own.

    request_id: under which its log has the details, if it said one.
    """

    def __init__(self, message: str, *, code: str, request_id: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.request_id = request_id
