"""One worker process: begun, told its errands, listened to, killed with its group. Knows no promise."""

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]


class Held(NamedTuple):
    """What a worker found when it was ready: of the newest job its number and events, of all the vectors."""

    items: int = 0
    job: int = 0
    events: int = 0
    computed: int = 0


@dataclass
class Said:
    """What a worker has said."""

    held: Held | None = None  # once it is ready
    accepted: int = 0  # the newest job that was
    kept: dict[int, tuple[int, int]] = field(default_factory=dict)  # job -> its newest event, tasks done
    computed: int = 0
    overs: int = 0  # errands that are done

    def hear(self, line: str) -> None:
        match line.split():
            case ["ready", *numbers]:
                self.held = Held(*map(int, numbers))
            case ["accepted", job]:
                self.accepted = int(job)
            case ["kept", job, event, done]:
                self.kept[int(job)] = (int(event), int(done))
            case ["computed", count]:
                self.computed = int(count)
            case ["over"]:
                self.overs += 1


class EndedByItselfError(Exception):
    """A worker is gone that was to go on. status: as of Popen, negative for a signal."""

    def __init__(self, status: int) -> None:
        super().__init__(f"the worker ended by itself with {status}")
        self.status = status


class Worker:
    """before: a command that runs it, as a tracer does. env: more of its environment."""

    def __init__(self, home: Path, *, before: Sequence[str] = (), **env: str) -> None:
        command = [*before, sys.executable, "-m", "tests.crashes.worker", str(home)]
        self.said = Said()
        self.ready_s: float | None = None
        self._rest = b""
        self._given = 0
        self._started = time.monotonic()
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
            start_new_session=True,
            cwd=ROOT,
            env=os.environ | env,
        )

    def becomes_ready(self, within_s: float) -> bool:
        """Raises EndedByItselfError."""
        is_ready = self._hears(lambda: self.said.held is not None, within_s)
        if is_ready and self.ready_s is None:
            self.ready_s = time.monotonic() - self._started
        return is_ready

    def does(self, errand: Sequence[str], within_s: float) -> bool:
        """Give it an errand; whether it is done in time. Raises EndedByItselfError."""
        assert self._process.stdin is not None
        self._process.stdin.write("\t".join(errand).encode() + b"\n")
        self._given += 1
        return self._hears(lambda: self.said.overs == self._given, within_s)

    def kill(self) -> None:
        """At once, with all its children. What it had said before is heard."""
        with suppress(ProcessLookupError):  # it has ended by itself
            os.killpg(self._process.pid, signal.SIGKILL)
        self._end()

    def close(self) -> None:
        """Let it end as it should."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        status = self._end()
        assert status == 0, f"the worker ended with {status}"

    def _end(self) -> int:
        with self._process as process:
            while self._reads(1.0):
                pass
        return process.returncode

    def _hears(self, enough, within_s: float) -> bool:
        end = time.monotonic() + within_s
        while not enough():
            left_s = end - time.monotonic()
            if left_s <= 0:
                return False
            if not self._reads(left_s):
                raise EndedByItselfError(self._end())
        return True

    def _reads(self, within_s: float) -> bool:
        """Take what comes in time, line by line; False at its end. A line that was torn was not said."""
        output = self._process.stdout
        assert output is not None
        if not select.select([output], [], [], within_s)[0]:
            return True
        said = os.read(output.fileno(), 1 << 16)
        *lines, self._rest = (self._rest + said).split(b"\n")
        for line in lines:
            self.said.hear(line.decode())
        return bool(said)
