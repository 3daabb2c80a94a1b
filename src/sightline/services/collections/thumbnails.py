"""Pictures for people: small beside hits, kept by content once drawn, and large. Knows no route.

The cache may be deleted at any time: what came from a source is read again, and so is what came with a
request and was kept. As that need not be, its thumbnail is drawn when it comes.
"""

import hashlib
import os
import threading
from contextlib import closing, suppress
from pathlib import Path

from sightline.domain.catalogue import Record
from sightline.domain.collections import TEXT, Item
from sightline.domain.entries import Entry
from sightline.domain.errors import EntryChangedError, EntryGoneError, OverloadedError
from sightline.imaging.limits import Limits
from sightline.imaging.thumbnails import LARGE_PX, thumbnail
from sightline.services.collections.planning import OpenSource
from sightline.services.collections.uploads import KeptUploads

LARGE_AT_ONCE = 2  # decoding one may take 600 MB
DRAWING_S = 5.0  # a turn is waited for


class ThumbnailCache:
    """folder: made when it is first needed. Safe to use from several threads."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def find(self, sha256: str) -> bytes | None:
        try:
            return self._path(sha256).read_bytes()
        except FileNotFoundError:
            return None

    def keep(self, sha256: str, drawn: bytes) -> None:
        path = self._path(sha256)
        new = path.with_name(f"{path.name}.{os.urandom(4).hex()}")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            new.write_bytes(drawn)
            new.replace(path)
        except OSError:  # a full disk costs the cache, not the picture
            with suppress(OSError):
                new.unlink()

    def forget(self, sha256: str) -> None:
        with suppress(OSError):
            self._path(sha256).unlink()

    def _path(self, sha256: str) -> Path:
        return self._folder / sha256[:2] / f"{sha256}.webp"


class Thumbnails:
    """Safe to use from several threads."""

    def __init__(
        self, cache: ThumbnailCache, record: Record, uploads: KeptUploads, open_source: OpenSource
    ) -> None:
        self._cache = cache
        self._record = record
        self._uploads = uploads
        self._open_source = open_source
        self._drawing = threading.BoundedSemaphore(LARGE_AT_ONCE)

    def of(self, collection: str, item: Item, limits: Limits) -> bytes:
        """A WebP of the item's picture.

        Raises EntryError: its source does not have it any more; ImageError; SourceError.
        """
        found = self._cache.find(item.sha256)
        return found or self.keep(item.sha256, self._read(collection, item), limits)

    def large(self, collection: str, item: Item, limits: Limits) -> bytes:
        """A WebP to fill a screen, drawn each time.

        Raises OverloadedError: as many are drawn as there is memory for; and as `of`.
        """
        if not self._drawing.acquire(timeout=DRAWING_S):
            raise OverloadedError(
                f"{LARGE_AT_ONCE} large pictures are drawn just now, the limit; try again after the time in "
                "Retry-After",
                retry_after_s=1.0,
            )
        try:
            return thumbnail(self._read(collection, item), limits, size_px=LARGE_PX)
        finally:
            self._drawing.release()

    def keep(self, sha256: str, data: bytes, limits: Limits) -> bytes:
        """Draw the thumbnail of a picture and keep it. Raises ImageError."""
        drawn = thumbnail(data, limits)
        self._cache.keep(sha256, drawn)
        return drawn

    def _read(self, collection: str, item: Item) -> bytes:
        notes = {note.name: note for note in self._record.sources(collection)}
        if item.key == TEXT and not item.source:
            raise EntryGoneError("it is a text, and has no picture")
        if item.source not in notes:
            return self._uploads.read(item.sha256)
        with closing(self._open_source(notes[item.source])) as source:
            data = source.read(Entry(item.key, item.uri, item.size_bytes, item.mtime_ns))
        if hashlib.sha256(data).hexdigest() != item.sha256:
            raise EntryChangedError("the picture has changed since it was taken in; ingest its source again")
        return data
