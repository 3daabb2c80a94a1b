"""Pictures in a folder, at any depth. Follows no link, opens no file while it scans, knows no format."""

import os
import stat
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from sightline.domain.entries import UNOPENED, Entry
from sightline.domain.errors import OutsideSourceError
from sightline.domain.ports import Look, unwatched
from sightline.sources.options import SourceOptions
from sightline.sources.root import FOLDER_FLAGS, Facts, Root, key_of, name_of, with_facts

MAX_DEPTH = 64  # folders in folders; a handle is held for each
_KINDS = {
    stat.S_IFLNK: "links",
    stat.S_IFIFO: "pipes",
    stat.S_IFSOCK: "sockets",
    stat.S_IFCHR: "devices",
    stat.S_IFBLK: "devices",
}


class FolderSource:
    """Files whose names the selection takes, in order of the bytes of their names, folder by folder."""

    name = "folder"

    def __init__(self, address: str, options: SourceOptions) -> None:
        """Raises SourceError: there is no such folder."""
        self.left_out: Mapping[str, int] = {}
        self.remarks: Sequence[str] = ()
        self._root = Root(address)
        self._options = options

    def scan(self, look: Look = unwatched) -> Iterator[Entry]:
        self.left_out = left_out = Counter[str]()
        handle = self._root.open()
        try:
            yield from self._walk(handle, "", left_out, look)
        finally:
            os.close(handle)

    def read(self, entry: Entry) -> bytes:
        if entry.size_bytes is None or entry.mtime_ns is None:
            expected = None
        else:
            expected = Facts(entry.size_bytes, entry.mtime_ns)
        name = name_of(entry.key)
        if not self._options.selection.takes(name):
            raise OutsideSourceError(f"{name[:200]!r} is not among the names that this source takes")
        return self._root.read(name, self._options.max_image_bytes, expected)

    def fresh(self, entry: Entry) -> Entry:
        return with_facts(entry, self._root.facts(name_of(entry.key)))

    def close(self) -> None:
        pass

    def _walk(self, handle: int, folder: str, left_out: Counter[str], look: Look) -> Iterator[Entry]:
        """The pictures below a folder; its name ends in / or is empty."""
        selection = self._options.selection
        for last in sorted(os.listdir(handle), key=os.fsencode):
            look()
            name = folder + last
            if not selection.enters(name):
                left_out[selection.why_not(name)] += 1
                continue
            try:
                status = os.stat(last, dir_fd=handle, follow_symlinks=False)
            except OSError:
                left_out["gone during the scan"] += 1
                continue
            if stat.S_ISDIR(status.st_mode):
                if name.count("/") == MAX_DEPTH:
                    left_out[f"folders deeper than {MAX_DEPTH}"] += 1
                    continue
                with _opened(last, handle, left_out) as inner:
                    if inner is not None:
                        yield from self._walk(inner, name + "/", left_out, look)
            elif selection.takes(name):
                if stat.S_ISREG(status.st_mode):
                    yield self._entry(name, folder, Facts.of(status))
                else:
                    left_out[_KINDS.get(stat.S_IFMT(status.st_mode), "other than files")] += 1
            elif stat.S_ISLNK(status.st_mode):
                left_out["links"] += 1  # to a folder of pictures, maybe: to be told, not to be found out
            else:
                left_out[selection.why_not(name)] += 1

    def _entry(self, name: str, folder: str, facts: Facts) -> Entry:
        metadata = {"folder": key_of(folder.rstrip("/"))} if folder else {}
        return Entry(key_of(name), self._root.uri(name), facts.size_bytes, facts.mtime_ns, metadata)


@contextmanager
def _opened(name: str, outer: int, left_out: Counter[str]) -> Iterator[int | None]:
    """A handle on a folder in a folder, or None where it was swapped for a link or is closed to us."""
    try:
        handle = os.open(name, FOLDER_FLAGS, dir_fd=outer)
    except OSError:
        left_out[UNOPENED] += 1
        yield None
        return
    try:
        yield handle
    finally:
        os.close(handle)
