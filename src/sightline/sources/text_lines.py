"""Lines of a text table, bounded, with the byte at which each begins. Does not know what a line holds."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from sightline.domain.errors import BrokenRowError, SourceError

_BOM = b"\xef\xbb\xbf"
_PLACE = re.compile("byte=[0-9]{1,18}")
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


def open_text(path: Path) -> BinaryIO:
    """The file, behind its byte order mark. Raises SourceError: not there, not a file, or UTF-16."""
    if not path.is_file():  # before it is opened: a pipe would be waited for
        raise SourceError(f"there is no table file {str(path)!r}; give one that is there")
    try:
        file = path.open("rb")
    except OSError as exc:
        raise SourceError(f"the table {str(path)!r} cannot be opened; see who may read it") from exc
    start = file.read(len(_BOM))
    if start[:2] in _UTF16:
        file.close()
        raise SourceError(f"the table {str(path)!r} is UTF-16; save it as UTF-8")
    file.seek(len(_BOM) if start == _BOM else 0)
    return file


def bounded_lines(file: BinaryIO, max_bytes: int) -> Iterator[bytes]:
    """Raises SourceError: a line is longer, so this is no table of pictures."""
    while line := file.readline(max_bytes + 1):
        if len(line) > max_bytes:
            raise SourceError(f"a line of the table has more than {max_bytes} bytes; is it a table of rows?")
        yield line


def byte_of(place: str) -> int:
    """The offset in a place such as byte=120. Raises BrokenRowError: it is none."""
    if not _PLACE.fullmatch(place):
        raise BrokenRowError(f"{place[:80]!r} is no place in a table; scan again")
    return int(place.removeprefix("byte="))
