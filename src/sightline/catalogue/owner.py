"""One owner for each folder, by a lock that the kernel frees however the owner ends. Knows no record.

The lock file says who owns the folder and where it can be asked. What it says counts only while it is locked:
it outlives a killed owner, the lock does not.
"""

import contextlib
import errno
import json
import os
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from sightline.catalogue.full import full_in_our_words
from sightline.domain.errors import FolderOwnedError, RecordUnavailableError

FILE_NAME = "owner.lock"
# An owner that is being replaced needs a moment to end; more would only delay a mistaken one's error
PATIENCE_S = 1.0
PAUSE_S = 0.05


@dataclass(frozen=True)
class Holder:
    """Who owns a folder. address: where it can be asked; None when it serves nobody.

    token: by which who may read the folder's files shows it, when asking there.
    """

    pid: int | None = None
    address: str | None = None
    token: str | None = None


class Owner:
    """Owns the folder until `close`, or until its process ends. A forked child owns nothing."""

    def __init__(self, folder: Path, *, patience_s: float = PATIENCE_S) -> None:
        """Raises FolderOwnedError: another process owns it, and still does after `patience_s`."""
        self._path = folder / FILE_NAME
        with full_in_our_words():
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)  # what it holds is its owner's
            self._handle = _open(self._path)
        end = time.monotonic() + patience_s
        while not _locks(self._handle):
            if time.monotonic() >= end:
                os.close(self._handle)
                raise _owned(folder, _read(self._path))
            time.sleep(PAUSE_S)
        if hasattr(os, "register_at_fork"):
            # a fork shares the lock: without this a child would keep the folder locked after its parent's end
            os.register_at_fork(after_in_child=self._close_handle)
        self.announce(None)

    def announce(self, address: str | None, token: str | None = None) -> None:
        """Write where this process can be asked, for `holder` in another."""
        text = json.dumps(asdict(Holder(os.getpid(), address, token))).encode()
        with full_in_our_words():
            # the same file all along: the lock is on it, not on its name
            os.ftruncate(self._handle, 0)
            os.pwrite(self._handle, text, 0)

    def close(self) -> None:
        self._close_handle()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _close_handle(self) -> None:
        handle, self._handle = self._handle, -1
        if handle >= 0:
            os.close(handle)


def holder(folder: Path) -> Holder | None:
    """Who owns the folder, None if nobody does."""
    path = folder / FILE_NAME
    if not path.exists():
        return None
    handle = _open(path)
    try:
        return None if _locks(handle) else _read(path)
    finally:
        os.close(handle)


def _open(path: Path) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600)
    except PermissionError as exc:
        raise RecordUnavailableError(f"{path} cannot be written; see who owns the folder's files") from exc


def _locks(handle: int) -> bool:
    """Take the lock if nobody has it."""
    try:
        if sys.platform == "win32":
            import msvcrt

            os.lseek(handle, 1 << 30, os.SEEK_SET)  # beyond the text, which must stay readable
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as exc:
        if exc.errno not in (errno.EWOULDBLOCK, errno.EACCES, errno.EDEADLK):
            raise RecordUnavailableError(
                "the folder's disk gives no locks; put SIGHTLINE_HOME on a local disk"
            ) from exc
        return False
    return True


def _read(path: Path) -> Holder:
    """What the file says; an owner that is just writing it says nothing yet."""
    with contextlib.suppress(OSError, ValueError, TypeError):
        return Holder(**json.loads(path.read_text(encoding="utf-8")))
    return Holder()


def _owned(folder: Path, by: Holder) -> FolderOwnedError:
    who = f"process {by.pid}" if by.pid else "another process"
    where = f" at {by.address}: work through it" if by.address else ": end it"
    return FolderOwnedError(
        f"{folder} is owned by {who}{where}, or set SIGHTLINE_HOME to another folder",
        pid=by.pid,
        address=by.address,
    )
