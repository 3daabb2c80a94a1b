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

    def reach(self, done: int, total: int) -> None:
        """So many of as many are done by now. What was done at the first call counts for no speed."""
        ...

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

    rate = TextColumn("{task.fields[rate]}")
    columns = (TextColumn(unit), BarColumn(), MofNCompleteColumn(), rate, TimeRemainingColumn())
    with Bars(*columns, console=Console(stderr=True, highlight=False), transient=True) as bars:
        yield _Bar(bars, bars.add_task(unit, total=total, rate=""))


class _Bar:
    def __init__(self, bars: "Bars", task: "TaskID") -> None:
        self._bars = bars
        self._task = task
        self._pace: _Pace | None = None

    def advance(self, count: int) -> None:
        pace = self._pace = self._pace or _Pace(0)
        self._show(pace.done + count, pace)

    def reach(self, done: int, total: int) -> None:
        if self._pace is None:
            self._pace = _Pace(done)
            self._bars.reset(self._task, completed=done, total=total, rate="")
        self._bars.update(self._task, total=total)
        self._show(done, self._pace)

    def say(self, text: str) -> None:
        self._bars.console.print(text, markup=False, soft_wrap=True)

    def _show(self, done: int, pace: "_Pace") -> None:
        pace.done = done
        self._bars.update(self._task, completed=done, rate=f"{pace.per_second:.0f}/s")


class _Lines:
    def __init__(self, unit: str, total: int | None) -> None:
        self._unit = unit
        self._total = total
        self._pace: _Pace | None = None
        self._told = time.monotonic()

    def advance(self, count: int) -> None:
        pace = self._pace = self._pace or _Pace(0)
        self._tell(pace.done + count, pace)

    def reach(self, done: int, total: int) -> None:
        self._total = total
        self._pace = self._pace or _Pace(done)
        self._tell(done, self._pace)

    def say(self, text: str) -> None:
        note(text)

    def _tell(self, done: int, pace: "_Pace") -> None:
        pace.done = done
        now = time.monotonic()
        if now - self._told < LINE_EVERY_S:
            return
        self._told = now
        total = "" if self._total is None else f" of {self._total}"
        left = (self._total - done) / pace.per_second if self._total and pace.per_second else 0
        time_left = f", {left:.0f} s left" if left else ""
        note(f"{done}{total} {self._unit}, {pace.per_second:.0f} per second{time_left}")


class _Pace:
    """How fast it goes. first: what was done before anybody counted."""

    def __init__(self, first: int) -> None:
        self.done = self._first = first
        self._started = time.monotonic()

    @property
    def per_second(self) -> float:
        return (self.done - self._first) / max(time.monotonic() - self._started, 1e-6)
