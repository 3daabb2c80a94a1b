"""What happens to a server: a calm, a rush, clients that leave, an ingestion. Knows no bars."""

import time
import urllib.error
import urllib.request
from dataclasses import dataclass

from prometheus_client.parser import text_string_to_metric_families

from benchmarks.load.generator import OURS, Figures, Generator, figures

CLIENTS = 32
WARM_UP_S = 2.0
BACK_WITHIN_S = 5.0
UPLOADS = ("--route", "/embed-image")
LISTS = ("--route", "/v1/embeddings", "--items", "25")  # forty of them are a thousand pictures
TEXTS = ("--route", "/embed/text", "--mix", "text=1")


@dataclass(frozen=True)
class Rush:
    """An open loop far beyond what the server can do. peak_per_s: what it can."""

    peak_per_s: float
    during: Figures
    before: Figures
    after: Figures
    is_ready: bool


@dataclass(frozen=True)
class Leaving:
    """Clients that hang up. dropped: their items that never ran; wasted: forwards that nobody waited for."""

    left: float
    dropped: float
    is_ready: bool


@dataclass(frozen=True)
class Ingestion:
    """Texts alone, and beside lists of pictures."""

    alone: Figures
    beside: Figures
    bulk: Figures


def calm(load: Generator, seconds: float) -> Figures:
    """One client, one request after the other."""
    return load.run(*UPLOADS, "--clients", "1", "--seconds", str(seconds))


def peak(load: Generator, seconds: float) -> Figures:
    return load.run(*UPLOADS, "--clients", str(CLIENTS), "--seconds", str(seconds))


def rush(load: Generator, *, times: float, seconds: float, calm_s: float) -> Rush:
    """So many times the peak for so long, and what a lone client meets 5 s after its end."""
    before = calm(load, calm_s)
    peak_per_s = peak(load, calm_s)["goodput_per_s"]
    started = time.monotonic()
    rate = ("--rate", f"{times * peak_per_s:.1f}", "--seconds", str(seconds), "--warm-up-s", str(WARM_UP_S))
    sending = load.start(*UPLOADS, *rate)
    time.sleep(max(0.0, started + WARM_UP_S + seconds + BACK_WITHIN_S - time.monotonic()))
    after = load.run(*UPLOADS, "--clients", "1", "--seconds", str(calm_s), "--warm-up-s", "0")
    return Rush(peak_per_s, figures(sending)[OURS], before, after, is_ready(load))


def leaving(load: Generator, seconds: float) -> Leaving:
    """Twice as many clients as fill the device; half of their requests are given up at a random moment."""
    before = _dropped(load)
    found = load.run(*UPLOADS, "--clients", "256", "--cancel", "0.5", "--seconds", str(seconds))
    return Leaving(found["failed"], _dropped(load) - before, is_ready(load))


def ingestion(load: Generator, seconds: float) -> Ingestion:
    alone = load.run(*TEXTS, "--rate", "10", "--seconds", str(seconds))
    ingesting = load.start(*LISTS, "--clients", "2", "--seconds", str(seconds + 4), "--warm-up-s", "1")
    time.sleep(2)
    beside = load.run(*TEXTS, "--rate", "10", "--seconds", str(seconds))
    return Ingestion(alone, beside, figures(ingesting)[OURS])


def wait_until_ready(load: Generator) -> None:
    for _ in range(600):
        if is_ready(load):
            return
        time.sleep(0.1)
    raise RuntimeError("the server did not become ready within a minute")


def is_ready(load: Generator) -> bool:
    try:
        urllib.request.urlopen(f"http://127.0.0.1:{load.port}/readyz", timeout=10).close()  # loopback
    except (urllib.error.URLError, ConnectionError):
        return False
    return True


def _dropped(load: Generator) -> float:
    with urllib.request.urlopen(f"http://127.0.0.1:{load.port}/metrics", timeout=10) as answer:  # loopback
        families = text_string_to_metric_families(answer.read().decode())
    return sum(
        sample.value
        for family in families
        for sample in family.samples
        if sample.name == "sightline_dropped_total"
    )
