"""How fast pictures are taken in, and how fast the engine alone is. Does not know bars."""

import os
import statistics
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.library.pictures import jpegs
from benchmarks.preparation import preparation_ms
from benchmarks.timing import medians_s
from sightline.services.model import Model
from tests.libraries import opened, order_of

SIZE_PX = (400, 533)
BATCH = 32
LOOK_S = 0.05


@dataclass(frozen=True)
class Rates:
    ingested_per_s: float
    engine_per_s: float
    prepare_ms: float

    @property
    def at_most(self) -> float:
        """What ingested / engine would be if cores did nothing but prepare pictures and run the engine."""
        engine_ms = (os.cpu_count() or 1) * 1000 / self.engine_per_s  # of one core, as the engine has all
        return engine_ms / (engine_ms + self.prepare_ms)


def measure(folder: Path, model: str, count: int) -> Rates:
    """The engine before and after, the job between."""
    photos = jpegs(folder / "photos", count, SIZE_PX)
    with opened(folder / "home", models=model, precision="auto") as library:
        engine = library.served.get().model
        before = _engine_per_s(engine)
        library.ensure("photos")
        started = time.monotonic()
        number = library.ingestion.submit("photos", order_of(photos)).id
        while library.ingestion.ledger.job(number).state != "done":
            time.sleep(LOOK_S)  # each look reads the record
        job = library.ingestion.ledger.job(number)
        seconds = time.monotonic() - started
        if (job.state, job.computed) != ("done", count):
            raise SystemExit(f"the job did not take all in: {job}")
        after = _engine_per_s(engine)
    return Rates(count / seconds, statistics.mean((before, after)), preparation_ms(model, photos))


def _engine_per_s(model: Model) -> float:
    size = model.card.image.size_px
    batch = np.zeros((BATCH, size, size, 3), dtype=np.uint8)
    return BATCH / medians_s({"engine": lambda: model.run("vision", batch)})["engine"]
