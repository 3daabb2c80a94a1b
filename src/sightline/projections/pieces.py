"""Work on many rows, a piece at a time, by several threads. Does not know what the work is.

numpy lets go of the interpreter while it computes, and in the process that draws each product is computed by
one thread: what comes out does not depend on how many there are.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Piece = TypeVar("Piece")

ROWS = 4_096  # of 768 numbers: 12 MB
MAX_THREADS = 8  # more would wait for memory, and a map is in no hurry


def threads() -> int:
    """As many as there are cores for this process, within reason."""
    counted = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(counted, MAX_THREADS)


def slices(rows: int, size: int = ROWS) -> list[slice]:
    """All rows, in order."""
    return [slice(start, min(start + size, rows)) for start in range(0, rows, size)]


def each(
    work: Callable[[Piece], None], pieces: Sequence[Piece], tell: Callable[[float], None] | None = None
) -> None:
    """Do the work on every piece; tell how large a share is done. An error of any is raised."""
    with ThreadPoolExecutor(threads(), thread_name_prefix="piece") as pool:
        done: Iterator[None] = pool.map(work, pieces)
        for number, _ in enumerate(done, 1):
            if tell is not None:
                tell(number / len(pieces))
