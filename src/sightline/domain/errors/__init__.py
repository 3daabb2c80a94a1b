"""Every error that Sightline raises on purpose, with a code that never changes. Does not know HTTP.

SightlineError                    what went wrong, the limit, what to do
├── InputError                    the caller can mend it
│   ├── InvalidRequestError       invalid_request
│   ├── NoTextTowerError          no_text_tower
│   ├── UnknownServedModelError   model_not_found
│   ├── UrlError                  an address on the web gave no picture
│   │   ├── UrlFetchOffError      url_fetch_off
│   │   ├── UnreachableUrlError   unreachable_url: or not allowed; nobody is told which
│   │   ├── UrlAnswerError        url_bad_answer
│   │   └── UrlTooSlowError       url_too_slow
│   ├── InvalidFilterError        invalid_filter
│   ├── UnknownCollectionError    collection_not_found
│   ├── CollectionExistsError     collection_exists: with another dim
│   ├── SpaceMismatchError        space_mismatch
│   ├── MissingVectorError        missing_vector
│   ├── MissingUploadsError       missing_uploads
│   ├── UnknownItemError          item_not_found
│   ├── UnknownSourceError        source_not_found
│   ├── UnknownJobError           job_not_found
│   ├── JobStateError             job_state
│   ├── NoMapError                no_map: none is drawn yet
│   ├── MapChangedError           map_changed: what was asked about is not what the map is now
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
├── MapFailedError                map_failed: a map could not be drawn
├── LeaseLostError                lease_lost: another worker has the shard now, or its job was ended
├── ServerAwayError               server_away: the process that owns the library does not answer
├── ServerRefusedError            what a server answered, under its own code
├── TargetError                   target_failed: a server that is to be loaded does not start or answer
└── BusyError                     come back later
    ├── OverloadedError           overloaded
    ├── NotReadyError             not_ready
    └── DeadlineError             deadline
"""

from sightline.domain.errors.embedding import (
    BrokenFileError,
    BrokenImageError,
    BusyError,
    CanaryError,
    ChangedFileError,
    DeadlineError,
    EmptyImageError,
    EngineError,
    EngineUnavailableError,
    ForwardError,
    ImageBytesError,
    ImageError,
    ImageFormatError,
    ImageSizeError,
    InvalidRequestError,
    MissingFileError,
    MissingTensorError,
    ModelError,
    NonFiniteVectorError,
    NoTextTowerError,
    NotReadyError,
    OutOfMemoryError,
    OverloadedError,
    SettingsError,
    TargetError,
    TensorShapeError,
    UnknownLayoutError,
    UnknownModelError,
    UnknownServedModelError,
    UnreachableUrlError,
    UrlAnswerError,
    UrlError,
    UrlFetchOffError,
    UrlTooSlowError,
)
from sightline.domain.errors.library import (
    BrokenRowError,
    CollectionExistsError,
    EntryChangedError,
    EntryError,
    EntryGoneError,
    FolderOwnedError,
    InvalidFilterError,
    JobStateError,
    LeaseLostError,
    MapChangedError,
    MapFailedError,
    MissingUploadsError,
    MissingVectorError,
    NoMapError,
    NotAFileError,
    OutsideSourceError,
    RecordBrokenError,
    RecordError,
    RecordNewerError,
    RecordUnavailableError,
    ServerAwayError,
    ServerRefusedError,
    SourceError,
    SpaceMismatchError,
    StorageFullError,
    StoreBrokenError,
    StoreError,
    StoreNotInstalledError,
    StoreUnavailableError,
    UnknownCollectionError,
    UnknownItemError,
    UnknownJobError,
    UnknownSourceError,
)
from sightline.domain.errors.root import InputError, SightlineError

__all__ = [
    "BrokenFileError",
    "BrokenImageError",
    "BrokenRowError",
    "BusyError",
    "CanaryError",
    "ChangedFileError",
    "CollectionExistsError",
    "DeadlineError",
    "EmptyImageError",
    "EngineError",
    "EngineUnavailableError",
    "EntryChangedError",
    "EntryError",
    "EntryGoneError",
    "FolderOwnedError",
    "ForwardError",
    "ImageBytesError",
    "ImageError",
    "ImageFormatError",
    "ImageSizeError",
    "InputError",
    "InvalidFilterError",
    "InvalidRequestError",
    "JobStateError",
    "LeaseLostError",
    "MapChangedError",
    "MapFailedError",
    "MissingFileError",
    "MissingTensorError",
    "MissingUploadsError",
    "MissingVectorError",
    "ModelError",
    "NoMapError",
    "NoTextTowerError",
    "NonFiniteVectorError",
    "NotAFileError",
    "NotReadyError",
    "OutOfMemoryError",
    "OutsideSourceError",
    "OverloadedError",
    "RecordBrokenError",
    "RecordError",
    "RecordNewerError",
    "RecordUnavailableError",
    "ServerAwayError",
    "ServerRefusedError",
    "SettingsError",
    "SightlineError",
    "SourceError",
    "SpaceMismatchError",
    "StorageFullError",
    "StoreBrokenError",
    "StoreError",
    "StoreNotInstalledError",
    "StoreUnavailableError",
    "TargetError",
    "TensorShapeError",
    "UnknownCollectionError",
    "UnknownItemError",
    "UnknownJobError",
    "UnknownLayoutError",
    "UnknownModelError",
    "UnknownServedModelError",
    "UnknownSourceError",
    "UnreachableUrlError",
    "UrlAnswerError",
    "UrlError",
    "UrlFetchOffError",
    "UrlTooSlowError",
]
