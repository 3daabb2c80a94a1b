"""Carries out `sightline bench`: times forwards and decoding. Does not know HTTP or other libraries."""

import os
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import typer

from sightline.cli.bench.photo import photo
from sightline.cli.loading import load_chosen
from sightline.cli.options import Chosen
from sightline.cli.screen import note, show_json, show_table
from sightline.models.arithmetic import gflop_per_picture
from sightline.models.card_files import card, card_names, shapes
from sightline.models.synthesize import synthesize
from sightline.services.model import Model

PHOTO_PX = (400, 533)  # what a shop's photo often is, and what the clothing photos of our benchmarks are
MIN_RUNS = 3


@dataclass(frozen=True)
class Plan:
    """What to measure. card: random weights of its shapes, cut to `layers`; None: the chosen model."""

    card: str | None
    layers: int | None
    batches: Sequence[int]
    seconds: float
    as_json: bool


@dataclass(frozen=True)
class Speed:
    """Forwards of one batch size."""

    batch: int
    pictures_per_s: float
    p50_ms: float
    gflop_per_s: float | None


def run(plan: Plan, chosen: Chosen) -> None:
    """Measure and print. Raises SightlineError: the model cannot be had or run."""
    with ExitStack() as stack:
        if plan.card is not None:
            shapes(plan.card)  # an unknown card is refused before anything is made
            folder = (
                Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sightline-bench-"))) / plan.card
            )
            note(f"{plan.card}: writing random weights to {folder}")
            synthesize(plan.card, folder, layers=plan.layers)
            chosen = replace(chosen, model=str(folder))
        model = load_chosen(chosen)
        gflop = _gflop(plan, model)
        speeds = [_speed(model, batch, plan.seconds, gflop) for batch in plan.batches]
        picture = photo(PHOTO_PX)
        prepare_ms = _median_s(lambda: model.prepare_image(picture), plan.seconds) * 1000
    if plan.as_json:
        show_json(_document(model, speeds, gflop, prepare_ms))
    else:
        _show(model, speeds, gflop, prepare_ms)


def _gflop(plan: Plan, model: Model) -> float | None:
    """None for a checkpoint without a card of ours: its sizes are not written down."""
    name = plan.card or model.card.name
    stated = name in card_names() and (plan.card or model.card.source == card(name).source)
    return gflop_per_picture(model.card, shapes(name), plan.layers) if stated else None


def _speed(model: Model, batch: int, seconds: float, gflop: float | None) -> Speed:
    size = model.card.image.size_px
    squares = np.random.default_rng(0).integers(0, 256, (batch, size, size, 3), dtype=np.uint8)
    median_s = _median_s(lambda: model.run_images(squares), seconds)
    rate = batch / median_s
    return Speed(batch, rate, median_s * 1000, gflop * rate if gflop else None)


def _median_s(work: Callable[[], object], seconds: float) -> float:
    """The median time of a run: on a busy machine the mean would tell of the others."""
    work()
    times: list[float] = []
    end = time.perf_counter() + seconds
    while len(times) < MIN_RUNS or time.perf_counter() < end:
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return statistics.median(times)


def _document(
    model: Model, speeds: Sequence[Speed], gflop: float | None, prepare_ms: float
) -> dict[str, object]:
    return {
        **_setting(model),
        "gflop_per_picture": gflop and round(gflop, 3),
        "speeds": [asdict(speed) for speed in speeds],
        "prepare_ms": round(prepare_ms, 3),
    }


def _setting(model: Model) -> dict[str, object]:
    """Under what the numbers hold."""
    engine = model.engine
    facts = {"model": model.card.name, "engine": engine.name, "precision": engine.precision}
    return {**facts, "device": engine.device, "cores": os.cpu_count(), "size_px": model.card.image.size_px}


def _show(model: Model, speeds: Sequence[Speed], gflop: float | None, prepare_ms: float) -> None:
    title = ", ".join(f"{name} {value}" for name, value in _setting(model).items())
    rows = [
        (
            str(speed.batch),
            f"{speed.pictures_per_s:.1f}",
            f"{speed.p50_ms:.2f}",
            "" if speed.gflop_per_s is None else f"{speed.gflop_per_s:.0f}",
        )
        for speed in speeds
    ]
    show_table((">batch", ">pictures/s", ">p50 ms", ">GFLOP/s"), rows, title=title)
    cost = f"; {gflop:.2f} GFLOP per picture" if gflop else ""
    typer.echo(
        f"{prepare_ms:.2f} ms to read and cut a JPEG of {PHOTO_PX[0]} x {PHOTO_PX[1]} px on one core{cost}"
    )
