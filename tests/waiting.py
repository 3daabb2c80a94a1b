"""Waits for what another thread is about to do. Does not know what."""

import time
from collections.abc import Callable


def wait_until(is_so: Callable[[], bool], within_s: float = 10) -> None:
    end = time.monotonic() + within_s
    while not is_so():
        assert time.monotonic() < end, f"it was not so within {within_s:g} s"
        time.sleep(0.002)
