"""Servers that run as processes of ours: started, and ended by their ids. Does not know what they serve."""

import contextlib
import os
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sightline.domain.errors import TargetError

STOP_S = 20.0  # longer than a server needs to finish what is under way
TAIL_LINES = 5
LINE_CHARS = 300


@dataclass(frozen=True)
class Child:
    """A process, the head of a group of its own, and the file that gets what it says."""

    process: "subprocess.Popen[bytes]"
    log: Path

    @property
    def is_alive(self) -> bool:
        return self.process.poll() is None

    def last_words(self) -> str:
        lines = self.log.read_text("utf-8", "replace").splitlines()[-TAIL_LINES:]
        return " / ".join(line.strip()[:LINE_CHARS] for line in lines if line.strip()) or "nothing"

    def stop(self) -> None:
        """Ends the process and those that it started. Whatever still runs after STOP_S is killed."""
        try:
            self._send(signal.SIGTERM)
            self.process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            pass
        finally:  # also when Ctrl-C comes a second time
            self._send(getattr(signal, "SIGKILL", signal.SIGTERM))
            self.process.wait()

    def _send(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if os.name == "posix":
                os.killpg(self.process.pid, number)
            else:
                self.process.send_signal(number)


@contextmanager
def running(command: Sequence[str], environment: Mapping[str, str], name: str) -> Iterator[Child]:
    """The command, until the block ends. Its log stays where the block fails, whose error may name it.

    Raises TargetError: it cannot be started.
    """
    handle, path = tempfile.mkstemp(prefix=f"sightline-bench-{name}-", suffix=".log")
    with os.fdopen(handle, "wb") as log:
        try:
            # a session of its own: Ctrl-C is for us, who then end it in order, with all that it started
            process = subprocess.Popen(  # noqa: S603  # the operator's own command, without a shell
                command, env=environment, stdout=log, stderr=log, start_new_session=True
            )
        except OSError as error:
            Path(path).unlink()
            raise TargetError(f"{command[0]!r} cannot be started: {error.strerror}") from error
    child = Child(process, Path(path))
    is_kept = False
    try:
        yield child
    except Exception:
        is_kept = True
        raise
    finally:
        child.stop()
        if not is_kept:
            child.log.unlink()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
