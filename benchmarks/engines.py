"""Pictures per second of each engine and of the reference, beside the machine's peak. Does not know HTTP."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

import sightline
from benchmarks import machine
from benchmarks.timing import medians_s
from sightline.models.arithmetic import gflop_per_picture
from sightline.models.card_files import card, shapes
from tests.parity.references import reference

Call = Callable[[], object]

OURS = {
    "openvino bf16": ("openvino", "bf16"),
    "openvino f32": ("openvino", "f32"),
    "onnxruntime f32": ("onnx", "f32"),
}
REFERENCE = "reference f32"  # transformers, or open_clip, in torch with as many threads as cores


@dataclass(frozen=True)
class EngineTable:
    """seconds: contender -> batch -> median seconds of a forward. peak: of the best product measured."""

    model: str
    gflop: float
    executed_gflop: float
    peak_tflops: float
    seconds: dict[str, dict[int, float]]

    def rate(self, contender: str, batch: int) -> float:
        return batch / self.seconds[contender][batch]

    def share_of_peak(self, contender: str, batch: int, *, executed: bool) -> float:
        gflop = self.executed_gflop if executed else self.gflop
        return self.rate(contender, batch) * gflop / 1000 / self.peak_tflops


def measure(name: str, folder: Path, batches: tuple[int, ...], contenders: tuple[str, ...]) -> EngineTable:
    """Every contender at every batch, in turns with the peak."""
    seconds: dict[str, dict[int, float]] = {contender: {} for contender in contenders}
    size_px = card(name).image.size_px
    calls = {contender: _for_batches(contender, folder, size_px) for contender in contenders}
    peaks = machine.peaks()
    best = 0.0
    for batch in batches:
        turns: dict[str, Call] = {key: work for key, (work, _) in peaks.items()}
        turns |= {contender: call_for(batch) for contender, call_for in calls.items()}
        medians = medians_s(turns)
        best = max([best, *(gflop / medians[key] / 1000 for key, (_, gflop) in peaks.items())])
        for contender in contenders:
            seconds[contender][batch] = medians[contender]
    gflop = gflop_per_picture(card(name), shapes(name))
    executed = gflop_per_picture(card(name), shapes(name), only_pooled=True)
    return EngineTable(name, gflop, executed, best, seconds)


def _for_batches(contender: str, folder: Path, size_px: int) -> Callable[[int], Call]:
    """A batch size to a forward of it. Our graph takes bytes, the reference floats."""
    rng = np.random.default_rng(0)
    if contender == REFERENCE:
        images = reference(folder).images
        return lambda batch: partial(
            images, rng.standard_normal((batch, 3, size_px, size_px), dtype=np.float32)
        )
    engine, precision = OURS[contender]
    run = sightline.load(folder, engine=engine, precision=precision).run_images
    return lambda batch: partial(run, rng.integers(0, 256, (batch, size_px, size_px, 3), dtype=np.uint8))
