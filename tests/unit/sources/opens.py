"""Records every file that this process opens, as the interpreter's audit sees it. Does not judge them."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

_recorders: list[list[tuple[object, int]]] = []
_installed: list[bool] = []


def _hear(event: str, arguments: tuple[object, ...]) -> None:
    if event == "open" and _recorders:
        path, _, flags = arguments
        for opened in _recorders:
            opened.append((path, flags))


@contextmanager
def recorded_opens() -> Iterator[list[tuple[object, int]]]:
    """(path, flags) of every open() within. A hook cannot be taken out again, so there is one for all."""
    if not _installed:
        sys.addaudithook(_hear)
        _installed.append(True)
    opened: list[tuple[object, int]] = []
    _recorders.append(opened)
    try:
        yield opened
    finally:
        _recorders.remove(opened)


def leaves(opened: list[tuple[object, int]], root: str) -> list[object]:
    """What was opened other than the root, or one plain name in a folder already open: never by a link, and
    never so that a pipe would be waited for. The way to the root begins at the top of the file system.
    """
    return [
        path
        for path, flags in opened
        if str(path) not in (root, os.sep) and not (_is_one_name(path) and _is_safe(flags))
    ]


def _is_one_name(path: object) -> bool:
    return isinstance(path, str) and "/" not in path and path not in ("", ".", "..")


def _is_safe(flags: int) -> bool:
    return bool(flags & os.O_NOFOLLOW and flags & (os.O_DIRECTORY | os.O_NONBLOCK))
