"""Pictures in a store of files elsewhere: S3, Google, Azure, SFTP and others, by fsspec. Knows none of them.

Web addresses are none of these: they are read through the guarded fetch only.
"""

import hashlib
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from sightline.domain.entries import UNOPENED, Entry
from sightline.domain.errors import (
    EntryChangedError,
    EntryError,
    EntryGoneError,
    ImageBytesError,
    OutsideSourceError,
    SourceError,
)
from sightline.domain.ports import Look, unwatched
from sightline.sources.options import SourceOptions

PROTOCOLS = frozenset(
    ("abfs", "abfss", "az", "gcs", "gs", "hdfs", "hf", "oci", "oss", "s3", "s3a", "sftp", "smb", "ssh")
)
MAX_DEPTH = 64
# what file systems call the time of the last change, and what else changes with the content
TIMES = ("mtime", "LastModified", "last_modified", "updated", "modified", "lastModified")
VERSIONS = ("ETag", "etag", "md5Hash", "md5", "checksum", "blob_id")


class RemoteSource:
    """Files whose names the selection takes, folder by folder, in order of their names."""

    name = "remote"

    def __init__(
        self, address: str, options: SourceOptions, *, protocols: Collection[str] = PROTOCOLS
    ) -> None:
        """Raises SourceError: the address is of no known kind, or what reads it is not installed."""
        self.left_out: Mapping[str, int] = {}
        self.remarks: Sequence[str] = ()
        self._options = options
        self._protocol = address.partition("://")[0]
        if self._protocol not in protocols or "::" in address:
            raise SourceError(
                f"{address[:200]!r} is no store of files; there are {', '.join(sorted(protocols))}"
            )
        self._files, self._root = _opened(address)

    def scan(self, look: Look = unwatched) -> Iterator[Entry]:
        self.left_out = left_out = Counter[str]()
        with _as_source(self._root):
            is_there = self._files.exists(self._root)
        if not is_there:
            raise SourceError(f"there is nothing at {self._protocol}://{self._root}; check the address")
        yield from self._walk(self._root, left_out, MAX_DEPTH, look)

    def read(self, entry: Entry) -> bytes:
        if not self._options.selection.takes(entry.key) or ".." in entry.key.split("/"):
            raise OutsideSourceError(f"{entry.key[:200]!r} is not among the names that this source takes")
        limit = self._options.max_image_bytes
        with _as_entry(entry.key):
            data: bytes = self._files.cat_file(f"{self._root}/{entry.key}", start=0, end=limit + 1)
        if len(data) > limit:
            raise ImageBytesError(
                f"{entry.key[:200]!r} has more than {limit} bytes, the limit for a picture; make it smaller"
            )
        if entry.size_bytes not in (None, len(data)):
            raise EntryChangedError(f"{entry.key[:200]!r} has changed since the scan; scan again")
        return data

    def fresh(self, entry: Entry) -> Entry:
        with _as_entry(entry.key):
            info = self._files.info(f"{self._root}/{entry.key}")
        return self._entry(entry.key, info)

    def close(self) -> None:
        pass

    def _walk(self, folder: str, left_out: Counter[str], depth_left: int, look: Look) -> Iterator[Entry]:
        try:
            with _as_source(folder):
                found = sorted(self._files.ls(folder, detail=True), key=lambda info: str(info["name"]))
        except SourceError:
            if folder == self._root:
                raise
            left_out[UNOPENED] += 1
            return
        for info in found:
            look()
            path = str(info["name"]).rstrip("/")
            name = path.removeprefix(self._root).lstrip("/")
            if not name:
                continue
            if not self._options.selection.enters(name):
                left_out[self._options.selection.why_not(name)] += 1
                continue
            if info.get("type") == "directory":
                if depth_left == 0:
                    left_out[f"folders deeper than {MAX_DEPTH}"] += 1
                else:
                    yield from self._walk(path, left_out, depth_left - 1, look)
            elif info.get("type") == "file" and self._options.selection.takes(name):
                yield self._entry(name, info)
            else:
                left_out[self._options.selection.why_not(name)] += 1

    def _entry(self, name: str, info: Mapping[str, Any]) -> Entry:
        size = info.get("size")
        folder = name.rpartition("/")[0]
        return Entry(
            key=name,
            uri=f"{self._protocol}://{self._root}/{name}",
            size_bytes=size if isinstance(size, int) else None,
            mtime_ns=_changed_ns(info),
            metadata={"folder": folder} if folder else {},
        )


def _changed_ns(info: Mapping[str, Any]) -> int | None:
    """The time of the last change, or a number that is another one when the content is."""
    for name in TIMES:
        match info.get(name):
            case datetime() as time:
                return int((time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp() * 1e9)
            case int() | float() as seconds:
                return int(seconds * 1e9)
    for name in VERSIONS:
        if version := info.get(name):
            return int.from_bytes(hashlib.sha256(str(version).encode()).digest()[:7])
    return None


def _opened(address: str) -> tuple[Any, str]:
    try:
        from fsspec.core import url_to_fs
    except ImportError as exc:
        raise SourceError(f"{address[:200]!r} needs fsspec: pip install 'sightline[remote]'") from exc
    try:
        files, root = url_to_fs(address)
    except ImportError as exc:  # it says which package, but not in our words
        scheme = address.partition("://")[0]
        raise SourceError(f"{scheme}:// needs a package of its own, like s3fs or gcsfs") from exc
    except Exception as exc:
        raise SourceError(f"{address[:200]!r} cannot be opened; check it and its credentials") from exc
    return files, str(root).rstrip("/")


@contextmanager
def _as_source(place: str) -> Iterator[None]:
    """Each product has errors of its own; what they say may hold credentials."""
    try:
        yield
    except Exception as exc:
        raise SourceError(f"{place[:200]!r} cannot be listed; check the address and its credentials") from exc


@contextmanager
def _as_entry(key: str) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as exc:
        raise EntryGoneError(f"{key[:200]!r} is not there any more") from exc
    except Exception as exc:
        raise EntryError(f"{key[:200]!r} could not be read; its store's reason is in the log") from exc
