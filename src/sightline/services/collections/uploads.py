"""What came with requests, kept for as long as an item names it. Does not know files, routes or models.

Bytes are on the disk before the transaction that names them, and go after the one that names them no more.
Between the two a content is open; whoever starts after a crash asks the record, and settles it.
"""

import logging
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from sightline.domain.catalogue import Record
from sightline.domain.collections import Item
from sightline.domain.errors import EntryChangedError, EntryGoneError, MissingUploadsError, RecordError
from sightline.domain.ports import Uploads
from sightline.domain.wording import counted

log = logging.getLogger(__name__)

PART = 250  # contents settled while no other transaction may begin: some 50 ms on a busy disk


@dataclass(frozen=True)
class UploadVerdict:
    """kept: items whose bytes should be there. missing, changed: their ids by collection, where they are not.

    unnamed: contents that no item names, as after an older record was restored.
    """

    kept: int
    missing: Mapping[str, list[str]]
    changed: Mapping[str, list[str]]
    unnamed: int

    @property
    def is_sound(self) -> bool:
        return not self.missing and not self.changed


class KeptUploads:
    """Of one library. Safe to use from several threads.

    keeps: whether what comes is kept; what is there already is read all the same.
    forget: called with each content that no item has any more.
    """

    def __init__(
        self, record: Record, uploads: Uploads, *, keeps: bool, forget: Callable[[str], None]
    ) -> None:
        self._record = record
        self.folder = uploads
        self.keeps = keeps
        self._forget = forget
        self._lock = threading.Lock()
        self._pins = Counter[str]()  # contents that transactions under way may name

    @contextmanager
    def deciding(self, coming: Mapping[str, bytes]) -> Iterator[None]:
        """For the block of one transaction, that makes items name what comes.

        Raises StorageFullError, RecordUnavailableError: before the block, and nothing is kept.
        """
        contents = list(coming)
        self._pin(contents)
        try:
            if self.keeps:
                self.folder.bring(coming)
            yield
        finally:
            self._settle(contents)

    def let_go(self, contents: Sequence[str]) -> None:
        """Settle what a transaction has let go of: the record calls this after each that did.

        What cannot be settled now stays loose in the record, or open in the folder, for the next start.
        """
        for part in _in_parts(contents):
            self._pin(part)
            try:
                self.folder.reopen(part)
                self._record.let_go(part)
            except RecordError as error:
                _warn(error, part)
            finally:
                self._settle(part)

    def recover(self) -> None:
        """Settle what a crash left open or loose."""
        self.let_go(self._record.loose())
        undecided = self.folder.undecided()
        self._pin(undecided)
        self._settle(undecided)

    def read(self, sha256: str) -> bytes:
        """Raises EntryGoneError, EntryChangedError."""
        return self.folder.read(sha256)

    def require_readable(self, name: str, fingerprint: str) -> None:
        """Raises MissingUploadsError: of some items there is neither a vector in a space nor what came."""
        lost = [item.sha256 for item in self._record.uploads(name) if not self._is_readable(item)]
        count = len(lost) - sum(map(self._record.vectors(fingerprint, lost).__contains__, lost))
        if count:
            raise MissingUploadsError(
                f"{counted(count, 'item')} of {name!r} came with requests, and their bytes were not kept, so "
                "no other model can embed them: put them in again with SIGHTLINE_KEEP_UPLOADS on, or say "
                "that they go (--drop-unreadable, drops_unreadable)"
            )

    def _is_readable(self, item: Item) -> bool:
        return bool(item.key) and self.folder.has(item.sha256)

    def inspect(self, *, at_all: bool = False) -> UploadVerdict:
        """Look for what should be there. at_all: read it too."""
        kept = 0
        missing: dict[str, list[str]] = {}
        changed: dict[str, list[str]] = {}
        for collection in self._record.collections():
            for item in self._record.uploads(collection.name):
                if not item.key:
                    continue
                kept += 1
                try:
                    self._look_for(item.sha256, at_all=at_all)
                except EntryGoneError:
                    missing.setdefault(collection.name, []).append(item.id)
                except EntryChangedError:
                    changed.setdefault(collection.name, []).append(item.id)
        return UploadVerdict(kept, missing, changed, sum(len(part) for part in self._unnamed()))

    def remove_unnamed(self) -> int:
        """Remove what no item names; returns how many contents that were."""
        removed = 0
        for part in self._unnamed():
            self._pin(part)
            self._settle(part)
            removed += len(part)
        return removed

    def _look_for(self, sha256: str, *, at_all: bool) -> None:
        if at_all:
            self.folder.read(sha256)
        elif not self.folder.has(sha256):
            raise EntryGoneError(sha256)

    def _unnamed(self) -> Iterator[list[str]]:
        for part in _in_parts(self.folder.contents()):
            named = self._record.uploaded(part)
            yield [sha256 for sha256 in part if sha256 not in named]

    def _pin(self, contents: Iterable[str]) -> None:
        with self._lock:
            self._pins.update(contents)

    def _settle(self, contents: Iterable[str]) -> None:
        """As the record is now, unless another transaction is about to decide."""
        for part in _in_parts(contents):
            with self._lock:
                self._pins.subtract(part)
                mine = [sha256 for sha256 in part if self._pins[sha256] <= 0]
                for sha256 in mine:
                    del self._pins[sha256]
                try:
                    self._close(mine)
                except RecordError as error:  # what is open is settled at the next start
                    _warn(error, mine)

    def _close(self, contents: list[str]) -> None:
        named = self._record.uploaded(contents)
        for sha256 in contents:
            self.folder.settle(sha256, stays=sha256 in named)
            if sha256 not in named:
                self._forget(sha256)


def _warn(error: RecordError, contents: Sequence[str]) -> None:
    log.warning("uploads stay open", extra={"fields": {"reason": error, "count": len(contents)}})


def _in_parts(contents: Iterable[str]) -> Iterator[list[str]]:
    part: list[str] = []
    for sha256 in contents:
        part.append(sha256)
        if len(part) == PART:
            yield part
            part = []
    if part:
        yield part
