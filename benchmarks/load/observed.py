"""What metrics and traces cost: two servers in turns, one observed. Does not know what is counted."""

from pathlib import Path

from benchmarks.bars import bar
from benchmarks.load.collector import collecting
from benchmarks.load.generator import OURS, PEER, Figures, Generator, figures
from benchmarks.load.scenarios import CLIENTS, wait_until_ready
from benchmarks.server import serving

ROUNDS, SECONDS = 10, 5  # short turns: what slows one down then slows the other down too
UNOBSERVED = "benchmarks.load.unobserved"


def report(folder: Path, pictures: Path) -> list[str]:
    """The rate with metrics and every request traced, over the rate without either."""
    with (
        collecting() as collector,
        serving(folder, OTEL_EXPORTER_OTLP_ENDPOINT=collector) as (port, _),
        serving(folder, module=UNOBSERVED) as (other, _),
    ):
        load = Generator(port, pictures)
        for one in (load, Generator(other, pictures)):
            wait_until_ready(one)
        observed, unobserved = _in_turns(load, other)
    return [
        "### Metrics and traces: a server with both beside one without either\n",
        bar("rate with / rate without", observed["answers_per_s"] / unobserved["answers_per_s"], ">= 0.97"),
        f"- {observed['answers_per_s']:.1f} and {unobserved['answers_per_s']:.1f} pictures/s, "
        f"{CLIENTS} clients, {ROUNDS} turns of {SECONDS} s each\n",
    ]


def _in_turns(load: Generator, other: int) -> tuple[Figures, Figures]:
    peer = ("--peer-url", f"http://127.0.0.1:{other}/embed-image", "--peer-shape", "multipart")
    turns = ("--rounds", str(ROUNDS), "--seconds", str(SECONDS), "--clients", str(CLIENTS))
    found = figures(load.start(*turns, *peer))
    return found[OURS], found[PEER]
