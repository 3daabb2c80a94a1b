"""Learning rate over time, and the running average of the weights.

Knows nothing of data or losses. Progress is a share of the time allowed, so the recipe ends on time.
"""

from __future__ import annotations

import copy
import math

import torch
from torch import nn


def warm_cosine(done: float, warm: float = 0.04, floor: float = 0.01) -> float:
    """Share of the peak rate after `done` (0 to 1) of the time: a short climb, then half a cosine."""
    if done < warm:
        return max(floor, done / warm)
    return floor + (1 - floor) * 0.5 * (1 + math.cos(math.pi * min(1.0, (done - warm) / (1 - warm))))


class Averaged:
    """An exponential average of a network's weights and buffers, young averages forgetting faster."""

    def __init__(self, model: nn.Module, memory: float = 0.998) -> None:
        self.model = copy.deepcopy(model).eval().requires_grad_(False)
        self.memory = memory
        self.steps = 0

    @torch.no_grad()
    def follow(self, model: nn.Module) -> None:
        self.steps += 1
        keep = min(self.memory, (1 + self.steps) / (10 + self.steps))
        for mine, theirs in zip(self.model.state_dict().values(), model.state_dict().values(), strict=True):
            if mine.dtype.is_floating_point:
                mine.lerp_(theirs, 1 - keep)
            else:
                mine.copy_(theirs)
