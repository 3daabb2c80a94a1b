"""The standard streams, as every command can rely on them. Does not know what is read or written."""

import os
import sys
from pathlib import Path
from typing import TextIO, cast


def open_closed_streams() -> None:
    """Let a stream that was closed before the start (`>&-`) lead nowhere.

    In the order of their descriptors: each takes the lowest that is free, which is its own. Left free, it
    would be the next file's, and what a library in C writes to stderr would end in that.
    """
    if sys.stdin is None:
        sys.stdin = _nowhere("r")
    if sys.stdout is None:
        sys.stdout = _nowhere("w")
    if sys.stderr is None:
        sys.stderr = _nowhere("w")


def _nowhere(mode: str) -> TextIO:
    return cast(TextIO, Path(os.devnull).open(mode, encoding="utf-8", errors="backslashreplace"))
