"""How the bytes of a text table become text, line by line. Does not know what a line holds.

A byte order mark decides; else what was said; else it is UTF-8. Lines are told apart before they are decoded,
so that each can be found again by its first byte: encodings in which that cannot be done are refused.
"""

import codecs
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from sightline.domain.errors import SourceError

_MARKS = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
_WIDE = {"utf-16": "utf-16-le", "utf-16-le": "utf-16-le", "utf-16-be": "utf-16-be"}
# codecs that leave ASCII as it is, and are no character set
_NO_CHARSETS = frozenset(("charmap", "idna", "raw-unicode-escape", "unicode-escape"))
_MAX_NAME = 40  # the longest that Python has is 15
_HEADER_BYTES = 1024  # of the first line: enough to see whether it has NULs
_ASCII = bytes(range(128))


@dataclass(frozen=True)
class Encoding:
    """name: as Python calls it. is_said: by a mark or a person. start: the text's first byte in the file."""

    name: str = "utf-8"
    is_said: bool = False
    start: int = 0

    def text(self, line: bytes) -> str:
        """Where nobody said what it is, bytes that are no UTF-8 stay as they are, for they may name files.

        Raises UnicodeDecodeError: it is not what was said.
        """
        return line.decode(self.name, "strict" if self.is_said else "surrogateescape")

    def lines(self, file: BinaryIO, max_bytes: int) -> Iterator[bytes]:
        """Raises SourceError: a line is longer, so this is no table of pictures."""
        line = b""
        while part := file.readline(max_bytes + 1):
            line += part
            if self.name == "utf-16-le" and len(line) % 2 and line.endswith(b"\n"):
                line += file.read(1)  # the other half of the character
            if len(line) > max_bytes:
                raise SourceError(
                    f"a line of the table has more than {max_bytes} bytes; is it a table of rows?"
                )
            if self._is_whole(line):
                yield line
                line = b""
        if line:
            yield line

    def _is_whole(self, line: bytes) -> bool:
        """Whether a line feed ends it: in UTF-16 its byte also stands in other characters."""
        if not self.name.startswith("utf-16"):
            return line.endswith(b"\n")
        return len(line) % 2 == 0 and line.endswith("\n".encode(self.name))


def encoding_of(path: Path, said: str | None) -> Encoding:
    """Raises SourceError: the table is not there, or lines cannot be read in what was said."""
    name = None if said is None else _known(said)  # also where a mark decides: a mistake is told at once
    with opened(path) as file:
        start = file.readline(_HEADER_BYTES)
    if start.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        raise SourceError(f"the table {str(path)!r} is UTF-32; save it as UTF-8")
    for mark, marked in _MARKS.items():
        if start.startswith(mark):
            return Encoding(marked, is_said=True, start=len(mark))
    if b"\0" in start and name not in _WIDE:
        likely = "utf-16-be" if start.startswith(b"\0") else "utf-16"
        raise SourceError(
            f"the first line of the table {str(path)!r} has bytes 0, as UTF-16 has; say --encoding {likely}, "
            "over HTTP `encoding`, or save it as UTF-8"
        )
    return Encoding() if name is None else Encoding(name, is_said=True)


def opened(path: Path) -> BinaryIO:
    """Raises SourceError: not there, not a file, or closed to us."""
    if not path.is_file():  # before it is opened: a pipe would be waited for
        raise SourceError(f"there is no table file {str(path)!r}; give one that is there")
    try:
        return path.open("rb")
    except OSError as exc:
        raise SourceError(f"the table {str(path)!r} cannot be opened; see who may read it") from exc


def _known(said: str) -> str:
    try:
        name = codecs.lookup(said[: _MAX_NAME + 1]).name
        if name in _WIDE:
            return _WIDE[name]
        is_like_ascii = name not in _NO_CHARSETS and _ASCII.decode(name) == _ASCII.decode("ascii")
    except (LookupError, ValueError):
        is_like_ascii = False
    if not is_like_ascii:
        raise SourceError(
            f"{said[:40]!r} is no encoding that tables are read in; give utf-8, utf-16, cp1252, shift_jis or "
            "another in which a line feed is one byte, or save the table as UTF-8"
        )
    return name
