"""The bytes of what came with requests, a file for each content. Does not know who names one.

A file lies in `pictures/<first two hex digits>/<sha256>`; while a transaction decides whether it stays, in
`pictures/open` under the same name. So what a crash leaves undecided is found in one small folder.
"""

import hashlib
import os
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from sightline.catalogue.full import full_in_our_words
from sightline.disk import sync
from sightline.domain.errors import (
    EntryChangedError,
    EntryGoneError,
    RecordBrokenError,
    RecordUnavailableError,
)
from sightline.observe import failpoints

FOLDER_NAME = "pictures"
OPEN = "open"
GROWING = "growing"  # not yet whole: of no use after a crash
_CONTENT = re.compile(r"[0-9a-f]{64}")


class UploadFolder:
    """In a library's folder, which this process owns. Safe to use from several threads.

    Every call that names a content raises RecordBrokenError where that is no sha256: it would be a path.
    """

    def __init__(self, home: Path) -> None:
        self._folder = home / FOLDER_NAME
        with _in_our_words(), suppress(FileNotFoundError):
            shutil.rmtree(self._folder / GROWING)

    def bring(self, contents: Mapping[str, bytes]) -> None:
        """Open contents, on the disk when this returns; those that are there already stay as they are.

        Raises StorageFullError, RecordUnavailableError: some may be there, to be settled.
        """
        new = {sha256: data for sha256, data in contents.items() if not self._holds(sha256, data)}
        if not new:
            return
        with _in_our_words():
            self._make_folders()
            for sha256, data in new.items():
                self._write(sha256, data)
            sync(self._folder / OPEN)
        failpoints.reach("uploads.brought")

    def reopen(self, contents: Iterable[str]) -> None:
        """Contents may go, as `settle` decides, after a crash too. Of one that is not there, nothing."""
        there = [sha256 for sha256 in contents if self._place(sha256).exists()]
        if not there:
            return
        with _in_our_words():
            self._make_folders()
            for sha256 in there:
                with suppress(FileNotFoundError):
                    self._place(sha256).replace(self._open_place(sha256))
            sync(self._folder / OPEN)

    def settle(self, sha256: str, *, stays: bool) -> None:
        """Close a content: it stays, or is gone from every place."""
        with _in_our_words():
            path = self._open_place(sha256)
            if not stays:
                path.unlink(missing_ok=True)
                self._place(sha256).unlink(missing_ok=True)
            elif path.exists():
                self._place(sha256).parent.mkdir(mode=0o700, exist_ok=True)
                path.replace(self._place(sha256))  # a loss of power takes it back at most: then it is open

    def undecided(self) -> list[str]:
        """The contents that are open."""
        return _names(self._folder / OPEN)

    def contents(self) -> Iterator[str]:
        """All there are but the open ones, in order."""
        for number in range(256):
            yield from _names(self._folder / f"{number:02x}")

    def has(self, sha256: str) -> bool:
        return any(path.exists() for path in self._places(sha256))

    def read(self, sha256: str) -> bytes:
        """Raises EntryGoneError: it is not there; EntryChangedError: the file is not what it was."""
        for path in self._places(sha256):
            with suppress(FileNotFoundError):
                data = path.read_bytes()
                if hashlib.sha256(data).hexdigest() != sha256:
                    raise EntryChangedError(
                        "the file kept of it is damaged; put it in again, or restore the folder `pictures`"
                    )
                return data
        raise EntryGoneError("it came with a request, and its bytes are not kept here; put it in again")

    def _make_folders(self) -> None:
        for folder in (self._folder, self._folder / GROWING, self._folder / OPEN):
            if not folder.is_dir():
                folder.mkdir(mode=0o700, exist_ok=True)  # its owner's alone
                sync(folder.parent)

    def _write(self, sha256: str, data: bytes) -> None:
        growing = self._folder / GROWING / f"{_checked(sha256)}.{os.urandom(4).hex()}"
        try:
            with os.fdopen(os.open(growing, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            growing.replace(self._open_place(sha256))
        except BaseException:
            growing.unlink(missing_ok=True)
            raise

    def _holds(self, sha256: str, data: bytes) -> bool:
        """Whether it is kept as it is: a damaged file is written anew."""
        try:
            return self._place(sha256).read_bytes() == data
        except OSError:
            return False

    def _place(self, sha256: str) -> Path:
        return self._folder / _checked(sha256)[:2] / sha256

    def _open_place(self, sha256: str) -> Path:
        return self._folder / OPEN / _checked(sha256)

    def _places(self, sha256: str) -> tuple[Path, ...]:
        # settled while it was looked for, it is met in the third place
        return self._place(sha256), self._open_place(sha256), self._place(sha256)


def is_content(name: object) -> bool:
    """Whether a name is a sha256 in hex, as a content's is: then it leads out of no folder."""
    return isinstance(name, str) and _CONTENT.fullmatch(name) is not None


def _checked(sha256: str) -> str:
    if not is_content(sha256):
        raise RecordBrokenError(
            f"{sha256[:100]!r} names no upload: 64 hex digits do; the record is damaged, restore a backup"
        )
    return sha256


def _names(folder: Path) -> list[str]:
    with suppress(FileNotFoundError):
        return sorted(path.name for path in folder.iterdir() if is_content(path.name))
    return []


@contextmanager
def _in_our_words() -> Iterator[None]:
    """Raises StorageFullError, RecordUnavailableError for what the disk reports."""
    try:
        with full_in_our_words():
            yield
    except OSError as exc:
        raise RecordUnavailableError(
            f"the library's folder {FOLDER_NAME!r} cannot be written; see its owner, and the system's log"
        ) from exc
