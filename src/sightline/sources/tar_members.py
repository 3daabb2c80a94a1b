"""Where the files of a tar archive lie in it: ustar, GNU and pax headers. Reads no content, extracts nothing.

Written anew: the standard library's reader, in Pythons that people have, can be kept busy for ever by an
archive (CVE-2025-8194, CVE-2024-6232), and takes a header of any size into memory.
Source: POSIX.1-2017, pax, "ustar Interchange Format", "pax Extended Header"; GNU tar manual, "Basic Format".
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from sightline.domain.errors import SourceError

BLOCK = 512
MAX_MEMBER_BYTES = 1 << 42  # a larger number is damage, and may be no place that a file can have
MAX_HEADER_BYTES = 1 << 16  # of a name or pax header that has blocks of its own
_OCTAL = re.compile(rb"[0-7]+")
_RECORD = re.compile(rb"([1-9][0-9]{0,5}) ([^=\n]+)=")
_ABOUT_THE_NEXT = b"xL"  # of pax and of GNU
_PASSED_OVER = b"gK"  # defaults for all, which name no file; where a link leads
_WITHOUT_CONTENT = {
    b"1": "links",
    b"2": "links",
    b"3": "devices",
    b"4": "devices",
    b"5": "folders",
    b"6": "pipes",
}


class Seekable(Protocol):
    """A file, packed or not."""

    def seek(self, offset: int, /) -> object: ...

    def read(self, count: int, /) -> bytes: ...


@dataclass(frozen=True)
class Member:
    """kind: `files`, or what it is instead, as in `links`. offset: of its first byte in the archive."""

    name: str
    kind: str
    offset: int
    size_bytes: int


@dataclass(frozen=True)
class _Told:
    """What extra headers say of the member after them."""

    name: bytes | None = None
    size_bytes: int | None = None
    is_sparse: bool = False


def members(file: Seekable) -> Iterator[Member]:
    """All members in order. Raises SourceError: no tar archive, damaged, or cut short."""
    at, told = 0, _Told()
    while (header := _header(file, at)) is not None:
        kind, size, body = header[156:157], _number(header[124:136]), at + BLOCK
        if kind in _ABOUT_THE_NEXT:
            told = _heard(told, kind, _content(file, body, size))
        elif kind not in _PASSED_OVER:
            member = _member(header, body, told)
            yield member
            told, size = _Told(), member.size_bytes
        at = body + (size + BLOCK - 1) // BLOCK * BLOCK
        if size > MAX_MEMBER_BYTES or (size > 0 and not _bytes(file, at - 1, 1)):
            raise SourceError("the archive is cut short; copy it anew")


def _header(file: Seekable, at: int) -> bytes | None:
    """The header block there; None at the archive's end."""
    block = _bytes(file, at, BLOCK)
    if not block.strip(b"\0") and at > 0:
        return None
    blank = block[:148] + b" " * 8 + block[156:]
    if len(block) < BLOCK or _number(block[148:156]) != sum(blank):
        raise SourceError(f"there is no tar header at byte {at}; the file is no tar archive, or damaged")
    return block


def _member(header: bytes, body: int, told: _Told) -> Member:
    name, prefix = header[:100].split(b"\0")[0], header[345:500].split(b"\0")[0]
    if header[257:263] == b"ustar\0" and prefix:
        name = prefix + b"/" + name
    if told.name is not None:
        name = told.name
    kind = header[156:157]
    if kind in _WITHOUT_CONTENT:
        return Member(_text(name), _WITHOUT_CONTENT[kind], body, 0)
    size = _number(header[124:136]) if told.size_bytes is None else told.size_bytes
    is_file = kind in b"\x0007" and not told.is_sparse and not name.endswith(b"/")
    return Member(_text(name), "files" if is_file else "sparse files and others", body, size)


def _heard(told: _Told, kind: bytes, content: bytes) -> _Told:
    if kind == b"L":
        return _Told(content.split(b"\0")[0], told.size_bytes, told.is_sparse)
    records = _records(content)
    size = records.get(b"size")
    return _Told(
        records.get(b"path", told.name),
        told.size_bytes if size is None else _decimal(size),
        told.is_sparse or any(name.startswith(b"GNU.sparse") for name in records),
    )


def _records(content: bytes) -> dict[bytes, bytes]:
    """Of a pax header: `length name=value` and a line feed, where length counts all of it."""
    records, at = {}, 0
    while at < len(content) and (start := _RECORD.match(content, at)):
        end = at + int(start[1])
        if not start.end() < end <= len(content):
            raise SourceError("a pax header of the archive is damaged; make it anew")
        records[start[2]] = content[start.end() : end - 1]
        at = end
    return records


def _content(file: Seekable, at: int, size: int) -> bytes:
    if size > MAX_HEADER_BYTES:
        raise SourceError(f"a header of the archive has {size} bytes; it may have {MAX_HEADER_BYTES}")
    return _bytes(file, at, size)


def _bytes(file: Seekable, at: int, count: int) -> bytes:
    file.seek(at)
    return file.read(count)


def _number(field: bytes) -> int:
    """Octal digits, or behind a first byte of 0x80 a binary number."""
    if field[:1] == b"\x80":
        return int.from_bytes(field[1:][-8:], "big")
    digits = field.split(b"\0")[0].strip()
    if digits and not _OCTAL.fullmatch(digits):
        raise SourceError("a header of the archive has no number where one belongs; it is damaged")
    return int(digits or b"0", 8)


def _decimal(field: bytes) -> int:
    if not (field.isdigit() and len(field) < 19):
        raise SourceError("a pax header of the archive has no number where one belongs; it is damaged")
    return int(field)


def _text(name: bytes) -> str:
    return name.decode("utf-8", "surrogateescape")
