"""Carries out `sightline embed`: items in, vectors out, failures named. Does not know formats or engines."""

import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import typer

from sightline.cli.embed.inputs import STDIN, Item, count, pictures, texts
from sightline.cli.embed.outputs import STDOUT, Writer, open_output, refusal
from sightline.cli.embed.stream import Outcome, embed_items
from sightline.cli.failures import ExitCode
from sightline.cli.loading import load_chosen
from sightline.cli.options import Chosen
from sightline.cli.progress import Progress, progress
from sightline.cli.screen import note, printable, show_json
from sightline.domain.errors import SightlineError
from sightline.domain.wording import counted
from sightline.services.model import Model


@dataclass(frozen=True)
class Order:
    """What to embed, and where the vectors go."""

    paths: Sequence[str]
    out: str
    is_text: bool
    as_json: bool

    @property
    def unit(self) -> str:
        return "texts" if self.is_text else "pictures"

    def items(self) -> Iterable[Item]:
        find = texts if self.is_text else pictures
        return find(self.paths, sys.stdin.buffer)

    def total(self) -> int | None:
        """How many items there are; None where stdin has not yet said. Raises InvalidRequestError."""
        return None if STDIN in self.paths else count(self.items())


@dataclass
class Tally:
    """What has come of the items so far."""

    embedded: int = 0
    failed: list[dict[str, str]] = field(default_factory=list)
    started: float = field(default_factory=time.monotonic)

    def record(self, outcomes: list[Outcome], writer: Writer, bar: Progress) -> None:
        """Write the vectors of one group, and name what failed."""
        good = [(name, result) for name, result in outcomes if not isinstance(result, SightlineError)]
        if good:
            writer.add([name for name, _ in good], np.stack([vector for _, vector in good]))
        self.embedded += len(good)
        for name, result in outcomes:
            if isinstance(result, SightlineError):
                self.failed.append({"id": name, "code": result.code, "message": str(result)})
                bar.say(f"failed: {printable(name)}: {result}")
        bar.advance(len(outcomes))

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.started


def run(order: Order, chosen: Chosen) -> None:
    """Embed everything that can be. Raises typer.Exit(3): something could not; SightlineError, OSError."""
    if problem := refusal(order.out):
        raise typer.BadParameter(problem, param_hint="'--out'")
    total = order.total()
    if total == 0:
        raise typer.BadParameter(f"no {order.unit} in {', '.join(order.paths)}", param_hint="'PATHS'")
    model = load_chosen(chosen)
    if order.is_text:
        model.require_text()
    tally = Tally()
    with open_output(order.out, model.dim) as writer, progress(order.unit, total) as bar:
        for outcomes in embed_items(model, order.items()):
            tally.record(outcomes, writer, bar)
    _report(order, model, tally)
    if tally.failed:
        raise typer.Exit(ExitCode.SOME_FAILED)


def _report(order: Order, model: Model, tally: Tally) -> None:
    rate = tally.embedded / max(tally.seconds, 1e-6)
    if order.as_json:
        document = {
            "model": model.card.name,
            "dim": model.dim,
            "fingerprint": model.fingerprint,
            "engine": model.engine.name,
            "precision": model.engine.precision,
            "out": order.out,
            "embedded": tally.embedded,
            "failed": tally.failed,
            "seconds": round(tally.seconds, 3),
        }
        show_json(document, err=order.out == STDOUT)
        return
    failed = f"; {len(tally.failed)} failed and were left out" if tally.failed else ""
    place = "stdout" if order.out == STDOUT else order.out
    embedded = counted(tally.embedded, order.unit.removesuffix("s"))
    note(f"{embedded} to {place} in {tally.seconds:.1f} s, {rate:.0f} per second{failed}")
