"""A folder out of which nothing is read, whatever a name says. Does not know what its files are for.

Each name on the way is opened by itself, in the folder before it and never through a link. So there is no
moment between a check and a use in which a link could be slipped in. Hard links are files like any other:
whoever can make one in the folder can already read the file.
"""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import quote, quote_from_bytes, unquote_to_bytes

from sightline.domain.entries import Entry
from sightline.domain.errors import (
    EntryChangedError,
    EntryError,
    EntryGoneError,
    ImageBytesError,
    NotAFileError,
    OutsideSourceError,
    SourceError,
)

FOLDER_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# should a pipe or a terminal take the file's place before it is opened: neither waited for nor made ours
FILE_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_READ_BYTES = 1 << 20
# A key that cannot be text as it is stands percent-encoded behind this, with which no plain path begins.
_ENCODED = "//"


@dataclass(frozen=True)
class Facts:
    """A regular file as it was when it was looked at."""

    size_bytes: int
    mtime_ns: int

    @classmethod
    def of(cls, status: os.stat_result) -> "Facts":
        return cls(status.st_size, status.st_mtime_ns)


class Root:
    """The folder at `path`, which may itself be reached through links: its owner named it."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        """Raises SourceError: there is no such folder."""
        try:
            self.path = Path(path).resolve(strict=True)
        except (
            OSError,
            ValueError,
            RuntimeError,
        ) as exc:  # RuntimeError: a circle of links, before Python 3.13
            raise SourceError(f"there is no folder {str(path)!r}; give one that is there") from exc
        self._uri = self.path.as_uri().removesuffix("/")
        if not self.path.is_dir():
            raise SourceError(f"{str(path)!r} is no folder; give one, or a table or tar file by its suffix")

    def open(self) -> int:
        """A handle on the folder, for its taker to close. Raises SourceError: it is gone or not readable."""
        try:
            return _opened(self.path)
        except OSError as exc:
            raise SourceError(f"the folder {str(self.path)!r} cannot be opened; see who may read it") from exc

    def uri(self, name: str) -> str:
        # a tenth of the time of Path.as_uri(), which is most of a scan's
        return f"{self._uri}/{quote_from_bytes(os.fsencode(name))}"

    def facts(self, name: str) -> Facts | None:
        """Size and time of the regular file of this name, relative to the root; None where there is none."""
        try:
            with self._folder_of(name) as (folder, last):
                status = os.stat(last, dir_fd=folder, follow_symlinks=False)
        except (OSError, EntryError):
            return None
        return Facts.of(status) if stat.S_ISREG(status.st_mode) else None

    def read(self, name: str, max_bytes: int, expected: Facts | None) -> bytes:
        """The contents of a regular file, given that they are those that were expected.

        Raises EntryError, and ImageBytesError, of which nothing is read.
        """
        try:
            with self._folder_of(name) as (folder, last):
                _require_regular(os.stat(last, dir_fd=folder, follow_symlinks=False), name)
                file = os.open(last, FILE_FLAGS, dir_fd=folder)
                try:
                    return _contents(file, name, max_bytes, expected)
                finally:
                    os.close(file)
        except OSError as exc:
            raise _told(exc, name) from exc

    @contextmanager
    def _folder_of(self, name: str) -> Iterator[tuple[int, str]]:
        """A handle on the folder that has a name's last part, and that part. One handle is held at a time."""
        *folders, last = _parts(name)
        handle = self.open()
        try:
            for part in folders:
                outer, handle = handle, os.open(part, FOLDER_FLAGS, dir_fd=handle)
                os.close(outer)
            yield handle, last
        finally:
            os.close(handle)


def _opened(path: Path) -> int:
    """A folder by its whole path, none of whose parts may have become a link since it was resolved."""
    handle = os.open(path.anchor, FOLDER_FLAGS)
    for part in path.parts[1:]:
        outer = handle
        try:
            handle = os.open(part, FOLDER_FLAGS, dir_fd=outer)
        finally:
            os.close(outer)
    return handle


def with_facts(entry: Entry, facts: Facts | None) -> Entry:
    """The entry with a file's size and time; as it was where there is none."""
    return entry if facts is None else replace(entry, size_bytes=facts.size_bytes, mtime_ns=facts.mtime_ns)


def key_of(name: str) -> str:
    """A name as text that can be stored. One that is not UTF-8 is percent-encoded, so no two share a key."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return _ENCODED + quote_from_bytes(os.fsencode(name))
    return _ENCODED + quote(name) if name.startswith(_ENCODED) else name


def name_of(key: str) -> str:
    """The name that key_of() was given."""
    return os.fsdecode(unquote_to_bytes(key.removeprefix(_ENCODED))) if key.startswith(_ENCODED) else key


def _parts(name: str) -> list[str]:
    """Raises OutsideSourceError: a name that is not plainly below the root. Nothing in it is decoded."""
    parts = name.split("/")
    if not all(parts) or not {".", ".."}.isdisjoint(parts) or "\0" in name:
        raise OutsideSourceError(
            f"{name[:200]!r} is not a name below the source's folder; links and .. are never followed"
        )
    try:
        os.fsencode(name)
    except UnicodeEncodeError as exc:
        raise EntryGoneError(f"no file can be called {name[:200]!r}") from exc
    return parts


def _require_regular(status: os.stat_result, name: str) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise NotAFileError(f"{name[:200]!r} is no regular file; links, pipes and devices are never read")


def _contents(file: int, name: str, max_bytes: int, expected: Facts | None) -> bytes:
    before = os.fstat(file)
    _require_regular(before, name)
    if before.st_size > max_bytes:
        raise ImageBytesError(
            f"{name[:200]!r} has {before.st_size} bytes; a picture may have {max_bytes}: make it smaller"
        )
    if expected is not None and Facts.of(before) != expected:
        raise EntryChangedError(f"{name[:200]!r} has changed since the scan; scan again")
    parts = []
    left = max_bytes + 1
    while left > 0 and (part := os.read(file, min(_READ_BYTES, left))):
        parts.append(part)
        left -= len(part)
    data = b"".join(parts)
    # written to while it was read: half of one picture and half of another is neither
    if Facts.of(os.fstat(file)) != Facts.of(before) or len(data) != before.st_size:
        raise EntryChangedError(f"{name[:200]!r} changed while it was read; scan again")
    return data


def _told(exc: OSError, name: str) -> EntryError:
    """The system's error in our words."""
    if exc.errno == errno.ELOOP:
        return NotAFileError(f"{name[:200]!r} is a link; links are never followed")
    if exc.errno in (errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG):
        return EntryGoneError(f"{name[:200]!r} is not there any more, or only behind a link; scan again")
    if exc.errno in (errno.EACCES, errno.EPERM):
        return EntryError(f"{name[:200]!r} cannot be read; see who may read it")
    return EntryError(f"{name[:200]!r} could not be read ({errno.errorcode.get(exc.errno or 0, 'unknown')})")
