"""Draws maps in a process of its own, one at a time. Knows no record, and nothing of how they are drawn.

What is used there may abort, or take all memory: then a drawing fails, and the server goes on.
"""

import json
import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

from sightline.domain.arrays import Float32
from sightline.domain.errors import MapFailedError
from sightline.domain.maps import Drawn, MapOrder
from sightline.domain.ports import Telling
from sightline.projections.placing import place

log = logging.getLogger(__name__)

COMMAND = (
    sys.executable,
    "-P",
    "-m",
    "sightline.projections",
)  # -P: no module from whatever folder we are in
TELL_S = 0.25
TIME_LIMIT_S = 4 * 3600.0  # a million rows take some minutes
END_S = 10.0  # for a process that has said its last word
LOG = "drawing.log"
LOG_BYTES = 4_000  # the end of it
# Each product is computed by one thread, and pieces of the work by several: see pieces.py
ONE_THREAD = dict.fromkeys(
    ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"), "1"
)


class ProcessCartographer:
    """A Cartographer; see domain/ports. Of one library there must be only one.

    cache: a folder for what is compiled, so that only the first drawing waits for it; made if it is missing.
    Code is loaded from there: nobody else should be able to write to it. NUMBA_CACHE_DIR names another.
    """

    def __init__(
        self, cache: Path, *, command: Sequence[str] = COMMAND, time_limit_s: float = TIME_LIMIT_S
    ) -> None:
        self._cache = cache
        self._command = command
        self._time_limit_s = time_limit_s
        self._turn = threading.Lock()

    def draw(self, folder: Path, order: MapOrder, tell: Telling) -> Drawn:
        while not self._turn.acquire(timeout=TELL_S):
            tell("vectors", 0.0)
        try:
            with self._child(folder, order) as child:
                return _followed(child, folder, tell, time.monotonic() + self._time_limit_s)
        finally:
            self._turn.release()

    def place(self, vectors: Float32, landmarks: Float32, places: Float32) -> Float32:
        return place(vectors, landmarks, places)

    @contextmanager
    def _child(self, folder: Path, order: MapOrder) -> "Iterator[subprocess.Popen[bytes]]":
        """A process that has its order, until the block ends; then it is dead."""
        try:
            self._cache.mkdir(mode=0o700, parents=True, exist_ok=True)
            with (folder / LOG).open("wb") as said:
                # a session of its own: Ctrl-C is for us, who then end it
                child = subprocess.Popen(  # noqa: S603  # our own module, without a shell
                    [*self._command, str(folder)],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=said,
                    env={"NUMBA_CACHE_DIR": str(self._cache.absolute()), **os.environ, **ONE_THREAD},
                    start_new_session=True,
                )
        except OSError as exc:
            raise MapFailedError(f"the process that draws maps cannot be started: {exc.strerror}") from exc
        with child:
            try:
                _send(child, order)
                yield child
            finally:
                child.kill()


def _send(child: "subprocess.Popen[bytes]", order: MapOrder) -> None:
    """The pipe stays open: the process ends itself when it closes, which it does if we die."""
    request = replace(order, vocabulary=()).request()  # short, so that nobody waits for who reads it
    if child.stdin is not None:
        with suppress(BrokenPipeError):  # it is dead already, which is seen soon
            child.stdin.write(json.dumps(request).encode() + b"\n")
            child.stdin.flush()


def _followed(child: "subprocess.Popen[bytes]", folder: Path, tell: Telling, until: float) -> Drawn:
    """What it draws. Raises MapFailedError, and whatever `tell` does."""
    stage, share, last = "vectors", 0.0, None
    for message in _messages(child, until):
        if "stage" in message:
            stage, share = message["stage"], message["share"]
        elif message:
            last = message
        tell(stage, share)
    if last is None:
        raise MapFailedError(_last_words(child, folder / LOG))
    if "failed" in last:
        raise MapFailedError(last["failed"])
    drawn = Drawn(**last["drawn"])
    log.info("drawn by %s: %s s, at most %s bytes", drawn.algorithm, drawn.timings_s, last["peak_bytes"])
    return drawn


def _messages(child: "subprocess.Popen[bytes]", until: float) -> Iterator[dict[str, Any]]:
    """What it says until it closes its end; an empty one whenever it says nothing for a while.

    Raises MapFailedError: it takes too long.
    """
    lines: SimpleQueue[bytes] = SimpleQueue()
    threading.Thread(target=_read, args=(child, lines), name="drawing", daemon=True).start()
    while time.monotonic() < until:
        try:
            line = lines.get(timeout=TELL_S)
        except Empty:
            yield {}
            continue
        if not line:
            return
        yield json.loads(line)
    raise MapFailedError("the map took longer to draw than it may; draw it of fewer, or by algorithm pca")


def _read(child: "subprocess.Popen[bytes]", lines: "SimpleQueue[bytes]") -> None:
    if child.stdout is not None:
        for line in child.stdout:
            lines.put(line)
    lines.put(b"")


def _last_words(child: "subprocess.Popen[bytes]", said: Path) -> str:
    """Why there is no map, for people; what the process itself said goes to the log."""
    with suppress(subprocess.TimeoutExpired):
        child.wait(END_S)
    words = said.read_bytes()[-LOG_BYTES:].decode("utf-8", "replace").strip()
    log.error("the process that draws maps ended with %s: %s", child.returncode, words or "it said nothing")
    if child.returncode is not None and child.returncode < 0:
        why = f"was ended by signal {-child.returncode}, as when memory runs out"
    else:
        why = "failed, and the server's log says how"
    return f"the process that draws maps {why}; draw the map again, with more memory free or by algorithm pca"
