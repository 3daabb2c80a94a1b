"""`make soak`: hours of mixed requests, hostile ones and clients that leave among them; what grows?

Usage: python -m benchmarks.soak [--seconds S]. Writes benchmarks/results-soak.md. Knows no engine.
"""

import argparse
import json
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np

from benchmarks import host
from benchmarks.bars import bar
from benchmarks.load.generator import OURS, Figures, Generator, figures
from benchmarks.load.scenarios import wait_until_ready
from benchmarks.pictures import uploads
from benchmarks.server import serving

RESULTS = Path(__file__).parent / "results-soak.md"
MIX = ("--mix", "picture=0.8,text=0.2", "--cancel", "0.01", "--clients", "16", "--timeout-ms", "10000")
HOSTILE_EVERY_S = 0.2
SAMPLE_EVERY_S = 2.0
SETTLING = 0.2  # of the time, in which caches and pools fill


@dataclass(frozen=True)
class Sample:
    """What the server's process holds."""

    at_s: float
    rss_mb: float
    threads: int
    files: int


@dataclass(frozen=True)
class Soak:
    samples: list[Sample]
    found: Figures
    hostile: int
    cosine: float  # of one picture's vector before and after

    @property
    def settled(self) -> list[Sample]:
        return [sample for sample in self.samples if sample.at_s >= SETTLING * self.samples[-1].at_s]

    @property
    def mb_per_100_000(self) -> float:
        """Slope of the memory, by requests: how long they take depends on the machine."""
        times = np.array([sample.at_s for sample in self.settled])
        slope = float(np.polyfit(times, [sample.rss_mb for sample in self.settled], 1)[0])  # MB/s
        return slope * self.samples[-1].at_s / self.found["requests"] * 100_000


def soak(folder: Path | str, pictures: Path, seconds: float) -> Soak:
    """Load one server for so long, and watch its process."""
    with serving(folder) as (port, pid):
        load = Generator(port, pictures)
        wait_until_ready(load)
        picture = next(iter(sorted(pictures.glob("*.jpg")))).read_bytes()
        before = _vector(port, picture)
        sending = load.start(*MIX, "--seconds", str(seconds))
        with _annoying(port, picture) as sent:
            samples = _watched(pid, seconds)
            found = figures(sending)[OURS]
        after = _vector(port, picture)
        return Soak([*samples, _sample(pid, samples[-1].at_s + 1)], found, len(sent), float(before @ after))


def _watched(pid: int, seconds: float) -> list[Sample]:
    started = time.monotonic()
    samples = [_sample(pid, 0.0)]
    while (at_s := time.monotonic() - started) < seconds:
        samples.append(_sample(pid, at_s))
        time.sleep(min(SAMPLE_EVERY_S, seconds / 20))
    return samples


def _sample(pid: int, at_s: float) -> Sample:
    status = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    files = len(list(Path(f"/proc/{pid}/fd").iterdir()))
    return Sample(at_s, int(status["VmRSS"].split()[0]) / 1024, int(status["Threads"]), files)


@contextmanager
def _annoying(port: int, picture: bytes) -> Iterator[list[int]]:
    """Damaged pictures, all along; the statuses they got."""
    statuses: list[int] = []
    over = threading.Event()

    def send() -> None:
        rng = np.random.default_rng(0)
        while not over.wait(HOSTILE_EVERY_S):
            damaged = bytearray(picture[: int(rng.integers(10, len(picture)))])
            damaged[int(rng.integers(len(damaged)))] ^= 0xFF
            statuses.append(_status(port, bytes(damaged)))

    thread = threading.Thread(target=send)
    thread.start()
    try:
        yield statuses
    finally:
        over.set()
        thread.join()
    if bad := [status for status in statuses if status not in (200, 400, 413, 415, 429)]:
        raise RuntimeError(f"damaged pictures got {sorted(set(bad))}")


def _request(port: int, picture: bytes) -> urllib.request.Request:
    kind = {"Content-Type": "image/jpeg"}
    return urllib.request.Request(f"http://127.0.0.1:{port}/embed-image", picture, kind)


def _status(port: int, picture: bytes) -> int:
    try:
        with urllib.request.urlopen(_request(port, picture), timeout=30) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        error.close()
        return int(error.code)


def _vector(port: int, picture: bytes) -> "np.ndarray[tuple[int], np.dtype[np.float32]]":
    with urllib.request.urlopen(_request(port, picture), timeout=30) as answer:
        return np.array(json.load(answer)["embedding"], dtype=np.float32)


def report(found: Soak) -> str:
    first, last, counted = found.settled[0], found.samples[-1], found.found
    lines = [
        f"Measured {date.today().isoformat()} on {host.describe()}; mini, the client on the same cores.\n",
        f"{counted['requests']:.0f} requests in {last.at_s / 60:.1f} minutes, {counted['ok']:.0f} of them "
        f"200; {found.hostile} damaged pictures beside them.\n",
        bar("memory, MB more for each 100,000 requests, after settling", found.mb_per_100_000, "<= 4"),
        bar("threads more than after settling", last.threads - first.threads, "<= 2"),
        bar("open files more than after settling", last.files - first.files, "<= 20"),
        bar("cosine of one picture before and after", found.cosine, ">= 0.9999"),
        f"- memory {found.samples[0].rss_mb:.0f} MB at first, {first.rss_mb:.0f} settled, "
        f"{last.rss_mb:.0f} at the end; threads {last.threads}, open files {last.files}\n",
    ]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description="Load a server for long.")
    parser.add_argument("--seconds", type=float, default=3600)
    parser.add_argument("--pictures", type=Path, help="JPEGs; without it drawn ones of 400 x 533 px")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="sightline-soak-") as temporary:
        pictures = wanted.pictures or uploads(Path(temporary) / "pictures")
        text = report(soak("mini", pictures, wanted.seconds))
    print(text)
    RESULTS.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
