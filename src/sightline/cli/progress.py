"""How far a long command is: a bar on a terminal, lines elsewhere. Does not know what is counted."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from sightline.cli.screen import note

if TYPE_CHECKING:
    from rich.progress import Progress as Bars
    from rich.progress import TaskID

LINE_EVERY_S = 10.0


class Progress(Protocol):
    def advance(self, count: int) -> None: ...

    def say(self, text: str) -> None:
        """A line that stays."""
        ...


@contextmanager
def progress(unit: str, total: int | None) -> Iterator[Progress]:
    """On stderr. total: None where it is not known before the end."""
    if not sys.stderr.isatty():
        yield _Lines(unit, total)
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    columns = (TextColumn(unit), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Bars(*columns, console=Console(stderr=True, highlight=False), transient=True) as bars:
        yield _Bar(bars, bars.add_task(unit, total=total))


class _Bar:
    def __init__(self, bars: "Bars", task: "TaskID") -> None:
        self._bars = bars
        self._task = task

    def advance(self, count: int) -> None:
        self._bars.advance(self._task, count)

    def say(self, text: str) -> None:
        self._bars.console.print(text, markup=False, soft_wrap=True)


class _Lines:
    def __init__(self, unit: str, total: int | None) -> None:
        self._unit = unit
        self._total = "" if total is None else f" of {total}"
        self._done = 0
        self._started = self._told = time.monotonic()

    def advance(self, count: int) -> None:
        self._done += count
        now = time.monotonic()
        if now - self._told >= LINE_EVERY_S:
            self._told = now
            rate = self._done / (now - self._started)
            note(f"{self._done}{self._total} {self._unit}, {rate:.0f} per second")

    def say(self, text: str) -> None:
        note(text)
