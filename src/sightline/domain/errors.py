"""Every error that Sightline raises on purpose, with a code that never changes. Does not know HTTP.

SightlineError                    what went wrong, the limit, what to do
├── InputError                    the caller can mend it
│   ├── InvalidRequestError       invalid_request
│   ├── NoTextTowerError          no_text_tower
│   ├── UnknownServedModelError   model_not_found
│   ├── UrlFetchOffError          url_fetch_off
│   ├── InvalidFilterError        invalid_filter
│   ├── UnknownCollectionError    collection_not_found
│   ├── CollectionExistsError     collection_exists: with another dim
│   ├── SpaceMismatchError        space_mismatch
│   ├── MissingVectorError        missing_vector
│   ├── UnknownJobError           job_not_found
│   ├── JobStateError             job_state
│   ├── SourceError               invalid_source: nothing of it can be read
│   ├── EntryError                entry_unreadable: one picture of a source, the others are not concerned
│   │   ├── EntryGoneError        entry_gone
│   │   ├── EntryChangedError     entry_changed
│   │   ├── NotAFileError         not_a_file
│   │   ├── OutsideSourceError    outside_source
│   │   └── BrokenRowError        broken_row
│   └── ImageError
│       ├── EmptyImageError       empty_image
│       ├── ImageBytesError       image_too_many_bytes
│       ├── ImageSizeError        image_too_large
│       ├── ImageFormatError      unsupported_format
│       └── BrokenImageError      broken_image
├── ModelError                    a model cannot be loaded
│   ├── UnknownModelError         unknown_model
│   ├── MissingFileError          missing_file
│   ├── BrokenFileError           broken_file
│   ├── ChangedFileError          changed_file
│   ├── UnknownLayoutError        unknown_layout
│   ├── MissingTensorError        missing_tensor
│   ├── TensorShapeError          wrong_shape
│   └── CanaryError               canary_failed
├── SettingsError                 invalid_settings
├── EngineError
│   ├── EngineUnavailableError    engine_unavailable
│   ├── ForwardError              forward_failed
│   ├── OutOfMemoryError          out_of_memory
│   └── NonFiniteVectorError      nonfinite_vector
├── StoreError                    a view of the record failed; the record itself is safe
│   ├── StoreUnavailableError     store_unavailable: wait and try again
│   ├── StoreBrokenError          store_broken: open it again and replay
│   └── StoreNotInstalledError    store_not_installed
├── RecordError                   the record of the library cannot be read or written
│   ├── StorageFullError          storage_full
│   ├── RecordUnavailableError    record_unavailable
│   ├── RecordBrokenError         record_broken
│   ├── RecordNewerError          record_newer
│   └── FolderOwnedError          folder_owned
├── LeaseLostError                lease_lost: another worker has the shard now, or its job was ended
├── TargetError                   target_failed: a server that is to be loaded does not start or answer
└── BusyError                     come back later
    ├── OverloadedError           overloaded
    ├── NotReadyError             not_ready
    └── DeadlineError             deadline
"""


class SightlineError(Exception):
    """Root of the tree. The message may be shown to whoever asked: no paths of ours, no driver's text."""

    code = "internal"


class InputError(SightlineError):
    code = "invalid_request"


class InvalidRequestError(InputError):
    code = "invalid_request"


class NoTextTowerError(InputError):
    code = "no_text_tower"


class UnknownServedModelError(InputError):
    code = "model_not_found"


class UrlFetchOffError(InputError):
    code = "url_fetch_off"


class InvalidFilterError(InputError):
    code = "invalid_filter"


class UnknownCollectionError(InputError):
    code = "collection_not_found"


class CollectionExistsError(InputError):
    """There is such a collection already, or a view of it that holds vectors of another length."""

    code = "collection_exists"


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


class SpaceMismatchError(InputError):
    """Vectors of one model were to meet vectors of another; both are named."""

    code = "space_mismatch"


class MissingVectorError(InputError):
    """Items were to be kept whose vectors were neither given nor there."""

    code = "missing_vector"


class UnknownJobError(InputError):
    code = "job_not_found"


class JobStateError(InputError):
    """A job cannot go from the state it is in to the one asked for."""

    code = "job_state"


class ImageError(InputError):
    code = "broken_image"


class EmptyImageError(ImageError):
    code = "empty_image"


class ImageBytesError(ImageError):
    code = "image_too_many_bytes"


class ImageSizeError(ImageError):
    code = "image_too_large"


class ImageFormatError(ImageError):
    code = "unsupported_format"


class BrokenImageError(ImageError):
    code = "broken_image"


class ModelError(SightlineError):
    """Raised while a model is found, fetched or read: the operator's business, so file names are shown."""

    code = "model_error"


class UnknownModelError(ModelError):
    code = "unknown_model"


class MissingFileError(ModelError):
    code = "missing_file"


class BrokenFileError(ModelError):
    code = "broken_file"


class ChangedFileError(ModelError):
    code = "changed_file"


class UnknownLayoutError(ModelError):
    code = "unknown_layout"


class MissingTensorError(ModelError):
    code = "missing_tensor"


class TensorShapeError(ModelError):
    code = "wrong_shape"


class CanaryError(ModelError):
    """The model is loaded and runs, and what it gives is wrong; found before anything is served."""

    code = "canary_failed"


class SettingsError(SightlineError):
    code = "invalid_settings"


class EngineError(SightlineError):
    code = "engine_error"


class EngineUnavailableError(EngineError):
    code = "engine_unavailable"


class ForwardError(EngineError):
    code = "forward_failed"


class OutOfMemoryError(EngineError):
    """A forward did not fit into the device's memory; fewer rows may."""

    code = "out_of_memory"


class NonFiniteVectorError(EngineError):
    code = "nonfinite_vector"


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


class LeaseLostError(SightlineError):
    code = "lease_lost"


class TargetError(SightlineError):
    """Raised by `sightline bench serve`: its operator started the server, so its log and answer are shown."""

    code = "target_failed"


class BusyError(SightlineError):
    code = "busy"


class OverloadedError(BusyError):
    code = "overloaded"

    def __init__(self, message: str, retry_after_s: float) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class NotReadyError(BusyError):
    code = "not_ready"


class DeadlineError(BusyError):
    code = "deadline"
