"""Places where a test can make the process fail or die, where SIGHTLINE_FAILPOINT says so. Knows no caller.

`name:n:raise` raises FailpointError when the place is reached the n-th time, `name:n:kill` ends the process
there as a power cut would, without a chance to clean up.
"""

import itertools
import os
import signal
from dataclasses import dataclass, field
from functools import cache

VARIABLE = "SIGHTLINE_FAILPOINT"
ACTIONS = ("raise", "kill")


class FailpointError(Exception):
    """What an armed place raises; nothing but a test may expect it."""


@dataclass(frozen=True)
class _Armed:
    name: str
    at: int
    action: str
    times: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))


def reach(name: str) -> None:
    """Go on, unless this is the place and the time that was asked for."""
    armed = _armed()
    if armed is None or armed.name != name or next(armed.times) != armed.at:
        return
    if armed.action == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    raise FailpointError(f"{VARIABLE} asked for a failure at {name}, time {armed.at}")


@cache
def _armed() -> _Armed | None:
    """What the environment asks for, read when the first place is reached."""
    wish = os.environ.get(VARIABLE)
    if not wish:
        return None
    name, _, rest = wish.partition(":")
    at, _, action = rest.partition(":")
    if not at.isdecimal() or int(at) < 1 or action not in ACTIONS:
        raise ValueError(f"{VARIABLE}={wish!r} is not name:n:raise or name:n:kill with n from 1")
    return _Armed(name, int(at), action)
