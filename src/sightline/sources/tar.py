"""Pictures in a tar archive, plain or gzipped. Unpacks nothing to disk; a name is only a name to it."""

import os
import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote

from sightline.domain.entries import Entry
from sightline.domain.errors import (
    EntryChangedError,
    EntryError,
    EntryGoneError,
    ImageBytesError,
    SourceError,
)
from sightline.domain.ports import Look, unwatched
from sightline.sources.gunzipped import Gunzipped
from sightline.sources.options import SourceOptions
from sightline.sources.root import Facts, key_of
from sightline.sources.tar_members import Member, Seekable, members

MAX_MEMBERS = 1_000_000  # the list of pictures is kept: some 300 bytes each


class TarSource:
    """The archive's files whose names the selection takes, in the archive's order.

    Of files with one name the last counts, as it does for tar. A picture's time is that of the archive: those
    within may all be 0.
    """

    name = "tar"

    def __init__(self, address: str, options: SourceOptions) -> None:
        """Raises SourceError: no such file."""
        self.left_out: Mapping[str, int] = {}
        self.remarks: Sequence[str] = ()
        self._path = Path(address).absolute()
        self._options = options
        self._turn = threading.Lock()
        self._facts = Facts(0, 0)
        self._file: BinaryIO | None = None
        self._content: Seekable | None = None  # of the file, once it was listed
        self._pictures: dict[str, Member] = {}
        self._require_file()

    def scan(self, look: Look = unwatched) -> Iterator[Entry]:
        with self._turn:
            self._content = self._list(look)
            pictures = list(self._pictures.items())
        for key, member in pictures:
            uri = f"{self._path.as_uri()}#{quote(key)}"
            yield Entry(key, uri, member.size_bytes, self._facts.mtime_ns)

    def read(self, entry: Entry) -> bytes:
        with self._turn:
            content = self._listed()
            member = self._pictures.get(entry.key)
            if member is None:
                raise EntryGoneError(f"{entry.key[:200]!r} is not in the archive any more; scan again")
            if (member.size_bytes, self._facts.mtime_ns) != (entry.size_bytes, entry.mtime_ns):
                raise EntryChangedError(f"the archive of {entry.key[:200]!r} has changed; scan again")
            if member.size_bytes > self._options.max_image_bytes:
                raise ImageBytesError(
                    f"{entry.key[:200]!r} has {member.size_bytes} bytes; a picture may have "
                    f"{self._options.max_image_bytes}: make it smaller"
                )
            try:
                content.seek(member.offset)
                data = content.read(member.size_bytes)
            except OSError as exc:
                raise EntryError(f"{entry.key[:200]!r} could not be read from the archive") from exc
        if len(data) < member.size_bytes:
            raise EntryChangedError(f"the archive ends before {entry.key[:200]!r} does; copy it anew")
        return data

    def fresh(self, entry: Entry) -> Entry:
        return entry

    def close(self) -> None:
        with self._turn:
            self._let_go()

    def _require_file(self) -> None:
        if not self._path.is_file():  # asked before it is opened: a pipe would be waited for
            raise SourceError(f"there is no archive {str(self._path)!r}; give one that is there")

    def _let_go(self) -> None:
        if self._file is not None:
            self._file.close()
        self._file = self._content = None

    def _listed(self) -> Seekable:
        """The archive's contents, gone through if it was not, or is another file by now."""
        try:
            is_the_same = Facts.of(self._path.stat()) == self._facts
        except OSError:
            is_the_same = False
        if self._content is None or not is_the_same:
            self._content = self._list()
        return self._content

    def _list(self, look: Look = unwatched) -> Seekable:
        """Go through the archive's headers; where it is packed, through all of it."""
        self._let_go()
        self._require_file()
        try:
            self._file = self._path.open("rb")
            self._facts = Facts.of(os.fstat(self._file.fileno()))
            is_packed = self._file.read(2) == b"\x1f\x8b"
            content: Seekable = Gunzipped(self._file) if is_packed else self._file
            self._pictures, self.left_out = self._chosen(members(content), look)
        except OSError as exc:
            raise SourceError(f"the archive {str(self._path)!r} cannot be read; see who may read it") from exc
        return content

    def _chosen(self, found: Iterator[Member], look: Look) -> tuple[dict[str, Member], Counter[str]]:
        """The pictures by key, and what else there is, by why it is not taken."""
        pictures: dict[str, Member] = {}
        left_out = Counter[str]()
        for number, member in enumerate(found):
            look()
            if number == MAX_MEMBERS:
                raise SourceError(f"the archive has more than {MAX_MEMBERS} files; split it")
            name = member.name.removeprefix("./")
            if not self._options.selection.takes(name):
                if member.kind == "files":
                    left_out[self._options.selection.why_not(name)] += 1
                continue
            if member.kind != "files":
                left_out[member.kind] += 1
                continue
            key = key_of(name)
            pictures.pop(key, None)  # of two, the later one's place in the order counts too
            pictures[key] = member
        return pictures, left_out
