"""Medians of several contenders measured in turns. Does not know what it times.

The machines this runs on are shared: what slows one contender down should slow the others down too, so they
take turns in short rounds, and only ratios between medians of the same rounds are worth quoting.
"""

import statistics
import time
from collections.abc import Callable, Mapping

ROUNDS = 5
SECONDS = 1.5  # per contender and round
MIN_RUNS = 2


def medians_s(contenders: Mapping[str, Callable[[], object]], rounds: int = ROUNDS) -> dict[str, float]:
    """The median seconds of one call of each contender, over all rounds."""
    times: dict[str, list[float]] = {name: [] for name in contenders}
    for work in contenders.values():
        work()  # the first call allocates and compiles
    for _ in range(rounds):
        for name, work in contenders.items():
            times[name] += _round(work)
    return {name: statistics.median(values) for name, values in times.items()}


def _round(work: Callable[[], object]) -> list[float]:
    values: list[float] = []
    end = time.perf_counter() + SECONDS
    while len(values) < MIN_RUNS or time.perf_counter() < end:
        started = time.perf_counter()
        work()
        values.append(time.perf_counter() - started)
    return values
