"""What there is to embed: pictures in files and folders, names or texts line by line. Opens no picture."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from sightline.domain.errors import InvalidRequestError
from sightline.services.jobs import Asked, Picture, Text
from sightline.sources.selection import SUFFIXES

STDIN = "-"


@dataclass(frozen=True)
class Item:
    """One thing to embed, and the id under which its vector is kept."""

    id: str
    asked: Asked | InvalidRequestError


def pictures(paths: Iterable[str], stdin: BinaryIO) -> Iterator[Item]:
    """Every file that is named, and every picture in the folders that are, in order of name.

    Raises InvalidRequestError: a path that is not there.
    """
    for path in paths:
        if path == STDIN:
            for name in _lines(stdin):
                yield _picture(os.fsdecode(name))
        elif Path(path).is_dir():
            yield from map(_picture, _walk(path))
        elif os.path.lexists(path):
            yield _picture(path)
        else:
            raise InvalidRequestError(
                f"there is no file or folder {path!r}; give pictures, folders, or - for stdin"
            )


def texts(paths: Iterable[str], stdin: BinaryIO) -> Iterator[Item]:
    """Every line that is not blank, of the files named and of stdin for -.

    Raises InvalidRequestError: a path that is no file.
    """
    for path in paths:
        if path == STDIN:
            yield from map(_text, _lines(stdin))
        elif Path(path).is_file():
            with Path(path).open("rb") as file:
                yield from map(_text, _lines(file))
        else:
            raise InvalidRequestError(
                f"there is no file {path!r}; with --text give files of lines, or - for stdin"
            )


def count(items: Iterable[Item]) -> int:
    return sum(1 for _ in items)


def _walk(folder: str) -> Iterator[str]:
    """Paths of pictures below a folder. Hidden files are left out; links to folders are not followed."""
    with os.scandir(folder) as entries:
        found = sorted((entry for entry in entries if not entry.name.startswith(".")), key=lambda e: e.name)
    for entry in found:
        if entry.is_dir(follow_symlinks=False):
            yield from _walk(entry.path)
        elif Path(entry.name).suffix.lower() in SUFFIXES:
            yield entry.path


def _lines(file: BinaryIO) -> Iterator[bytes]:
    for line in file:
        if line.strip():
            yield line.rstrip(b"\r\n")


def _picture(path: str) -> Item:
    # a file name may be any bytes; an id must be text that JSON and Parquet can hold
    name = os.fsencode(path).decode("utf-8", "backslashreplace")
    return Item(name, Picture(path))


def _text(line: bytes) -> Item:
    try:
        text = line.decode("utf-8").strip()
    except UnicodeDecodeError:
        wrong = InvalidRequestError("the line is not UTF-8; convert the file")
        return Item(line.decode("utf-8", "backslashreplace"), wrong)
    return Item(text, Text(text))
