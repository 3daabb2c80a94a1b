"""How the time of a forward grows with its rows, measured. Does not know who will ask for forwards."""

import time

from sightline.domain.arrays import Int64, UInt8
from sightline.domain.records import Tower
from sightline.services.model import BATCH, Model
from sightline.services.pace import Pace, Sample

BUDGET_S = 0.3  # for each tower: nobody is served meanwhile
BRIEF_S = 0.05  # of a forward that is run twice: a first one also compiles for its shape


def sweep(model: Model) -> dict[Tower, Pace]:
    """Run a warm model on batches of 1, 2, 4... for as long as they fit in the budget.

    Sizes double, and each is timed twice where that is quick.
    """
    paces: dict[Tower, Pace] = {"vision": _measured(model, "vision")}
    if model.card.text is not None:
        paces["text"] = _measured(model, "text")
    return paces


def _measured(model: Model, tower: Tower) -> Pace:
    samples: list[Sample] = []
    spent_s = 0.0
    count = 1
    while count <= BATCH:
        rows = model.blank_rows(tower, count)
        times = [_seconds(model, tower, rows)]
        if times[0] < BRIEF_S:
            times.append(_seconds(model, tower, rows))
        samples.append(Sample(count * model.row_cost(tower, rows.shape[1:]), min(times)))
        spent_s += sum(times)
        if spent_s + 2 * min(times) > BUDGET_S:
            break
        count *= 2
    return Pace(samples)


def _seconds(model: Model, tower: Tower, rows: UInt8 | Int64) -> float:
    started = time.perf_counter()
    model.run(tower, rows)
    return time.perf_counter() - started
