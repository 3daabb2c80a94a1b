"""The process that draws one map: `python -m sightline.projections FOLDER`. Knows nobody but who started it.

The order comes in as a line of JSON. Lines of JSON go out: {"stage", "share"} many times, then {"drawn"} or
{"failed"}. See cartographer.py for the other end.
"""

import json
import os
import sys
import threading
import time
from dataclasses import asdict
from pathlib import Path
from typing import TextIO

from sightline.domain.errors import MapFailedError
from sightline.domain.items import Json
from sightline.domain.maps import MapOrder
from sightline.projections.drawing import draw

NICE = 10  # a search that comes meanwhile goes first
EVERY_S = 0.1  # often enough for who watches


def main() -> None:
    if hasattr(os, "nice"):
        os.nice(NICE)
    line = sys.stdin.buffer.readline()
    threading.Thread(target=_end_with_who_asked, daemon=True).start()
    out = _outgoing()
    try:
        drawn = draw(Path(sys.argv[1]), MapOrder.of(json.loads(line)), _Teller(out))
    except MapFailedError as exc:
        _say(out, {"failed": str(exc)})
    except OSError as exc:
        _say(
            out,
            {"failed": f"a file of the map cannot be read or written: {exc.strerror}; mend it, draw again"},
        )
    except MemoryError:
        _say(out, {"failed": "memory ran out; free some, or draw fewer"})
    else:
        _say(out, {"drawn": {**asdict(drawn), "outliers": list(drawn.outliers)}, "peak_bytes": _peak_bytes()})


class _Teller:
    """Says how far the drawing is, but not always."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._said: tuple[str, float] = ("", 0.0)

    def __call__(self, stage: str, share: float) -> None:
        now = time.monotonic()
        said, at = self._said
        if stage != said or now - at >= EVERY_S:
            self._said = stage, now
            _say(self._out, {"stage": stage, "share": share})


def _say(out: TextIO, message: dict[str, Json]) -> None:
    print(json.dumps(message), file=out, flush=True)


def _outgoing() -> TextIO:
    """Where messages go; what packages print goes elsewhere from now on."""
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return out


def _end_with_who_asked() -> None:
    """Its end of the pipe closes when it dies, however it does."""
    while os.read(0, 1):
        pass
    os._exit(1)


def _peak_bytes() -> int | None:
    """What was held in memory at most, files that were read in place included; Linux only."""
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii")
    except OSError:
        return None
    return next(
        (int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM")), None
    )


if __name__ == "__main__":
    main()
