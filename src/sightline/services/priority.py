"""Which threads go first on shared cores: answers, then forwards, then pictures. Knows none of them."""

import os
import sys
import threading

# A forward takes every core for a third of a second, and a refusal should not wait for its end. In a rush on
# two cores the 99th percentile of refusals was 120 to 160 ms with 0, and 90 with 5, at the same rate (ADR 19).
FORWARDS = 5
# 5 and 19 were slower: starved, a decoder holds up the next batch.
PICTURES = 10


def step_back(niceness: int) -> None:
    """Let threads of less niceness go before this one, and before those it will start.

    For good: without special rights a thread cannot become less nice again.
    """
    if sys.platform == "linux":  # only there a thread has a priority of its own
        own = threading.get_native_id()
        lowest = 19
        os.setpriority(os.PRIO_PROCESS, own, min(os.getpriority(os.PRIO_PROCESS, own) + niceness, lowest))
