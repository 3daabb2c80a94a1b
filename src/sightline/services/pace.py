"""How long a forward takes. Does not know queues or engines.

A device takes a fixed time for a forward and some time for each token: seconds = a * tokens + b. Both are
measured when a model is loaded; a factor that follows every real forward says how much slower it is now, with
decoders on the same cores or somebody else on the machine.
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass

from sightline.domain.records import Tower
from sightline.services.model import Model

FOLLOW = 0.2  # of one forward in the factor: some five forwards are remembered
MOST = 4.0  # one forward that stood still, on a machine that did, must not shut the door for seconds
FADE = 0.98  # of what is remembered, with each picture read: some fifty
UNMEASURED_S_PER_TOKEN = 1e-4  # half of ViT-B/32 on two CPU cores; wrong only until the first forward


@dataclass(frozen=True)
class Sample:
    """One forward, timed."""

    tokens: int
    seconds: float


class Pace:
    """The pace of one tower of one model. Safe for several threads."""

    def __init__(self, samples: Sequence[Sample] = ()) -> None:
        self._s_per_token, self._s_per_forward = _fit(samples)
        self._is_guess = not samples
        self._factor = 1.0
        self._lock = threading.Lock()

    def seconds(self, tokens: int, *, is_alone: bool = True) -> float:
        """How long so many tokens take now; is_alone: in a forward of their own, not as part of one."""
        fixed_s = self._s_per_forward if is_alone else 0.0
        return self._factor * (self._s_per_token * tokens + fixed_s)

    def tokens_within(self, seconds: float) -> int:
        """How many tokens a forward of at most so many seconds has."""
        left_s = seconds / self._factor - self._s_per_forward
        return max(0, int(left_s / self._s_per_token))

    def observe(self, tokens: int, seconds: float) -> None:
        """Learn from a forward that was run."""
        with self._lock:
            expected_s = self._s_per_token * tokens + self._s_per_forward
            ratio = seconds / max(expected_s, 1e-9)
            if self._is_guess:
                self._factor, self._is_guess = ratio, False
            else:
                self._factor += FOLLOW * (min(ratio, MOST * self._factor) - self._factor)


class Paces:
    """The pace of every tower that one device runs."""

    def __init__(self) -> None:
        self._known: dict[tuple[Model, Tower], Pace] = {}

    def of(self, model: Model, tower: Tower) -> Pace:
        return self._known.setdefault((model, tower), Pace())

    def set(self, model: Model, tower: Tower, pace: Pace) -> None:
        self._known[model, tower] = pace


def _fit(samples: Sequence[Sample]) -> tuple[float, float]:
    """(seconds per token, seconds per forward) by least squares, neither below zero."""
    if not samples:
        return UNMEASURED_S_PER_TOKEN, 0.0
    count = len(samples)
    mean_tokens = sum(sample.tokens for sample in samples) / count
    mean_s = sum(sample.seconds for sample in samples) / count
    spread = sum((sample.tokens - mean_tokens) ** 2 for sample in samples)
    together = sum((sample.tokens - mean_tokens) * (sample.seconds - mean_s) for sample in samples)
    slope = together / spread if spread else 0.0
    fixed_s = mean_s - slope * mean_tokens
    if slope <= 0 or fixed_s < 0:  # one sample, or noise: all of the time to the tokens
        return max(mean_s / mean_tokens, 1e-9), 0.0
    return slope, fixed_s


class Throughput:
    """Seconds per unit of work whose units differ: each counts by its size. Safe for several threads.

    units, seconds: what is believed before anything was seen, and how much that counts.
    """

    def __init__(self, *, units: float, seconds: float) -> None:
        self._units = units
        self._seconds = seconds
        self._lock = threading.Lock()

    def seconds(self, units: float) -> float:
        """What so many units take."""
        return units * self._seconds / self._units

    def observe(self, units: float, seconds: float) -> None:
        with self._lock:
            self._units = FADE * self._units + units
            self._seconds = FADE * self._seconds + seconds
