"""A large ingestion: what grows, and what doing it again costs. Does not know bars."""

import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.library.pictures import jpegs
from sightline.domain.ledger import Job
from sightline.services.collections.library import Library
from tests.libraries import caught_up, opened, order_of

SIZE_PX = (96, 128)
FIFTHS = 5
RENAMED = 1_000
STATUS = Path("/proc/self/status")


@dataclass(frozen=True)
class Growth:
    per_s: float
    plan_s: float
    memory_mb: list[float]  # after each fifth
    again_s: float
    again_computed: int
    one_new_total: int
    renamed_computed: int
    record_mb: float
    view_mb: float


def measure(folder: Path, items: int) -> Growth:
    photos = jpegs(folder / "photos", items, SIZE_PX)
    home = folder / "home"
    with opened(home, precision="auto") as library:
        library.ensure("photos")
        started = time.monotonic()
        number = library.ingestion.submit("photos", order_of(photos)).id
        plan_s = _until(library, number, lambda job: job.state == "running") - started
        memory = []
        for fifth in range(1, FIFTHS + 1):
            _until(library, number, lambda job, fifth=fifth: job.done >= items * fifth // FIFTHS)
            memory.append(_memory_mb())
        per_s = items / (time.monotonic() - started)
        caught_up(library)
        again_s, again = _timed(library, photos)
        (photos / "!first.jpg").write_bytes((photos / "0000000.jpg").read_bytes() + b"")
        one_new = _timed(library, photos)[1]
        for path in sorted(photos.iterdir())[1 : RENAMED + 1]:
            path.rename(path.with_name(f"renamed-{path.name}"))
        renamed = _timed(library, photos)[1]
        return Growth(
            per_s=per_s,
            plan_s=plan_s,
            memory_mb=memory,
            again_s=again_s,
            again_computed=again.computed,
            one_new_total=one_new.total,
            renamed_computed=renamed.computed,
            record_mb=_size_mb(home / "catalogue.db"),
            view_mb=sum(map(_size_mb, (home / "views").iterdir())),
        )


def _timed(library: Library, photos: Path) -> tuple[float, Job]:
    started = time.monotonic()
    number = library.ingestion.submit("photos", order_of(photos)).id
    ended_at = _until(library, number, lambda job: job.state == "done")
    return ended_at - started, library.ingestion.ledger.job(number)


def _until(library: Library, number: int, is_so: object) -> float:
    while not is_so(library.ingestion.ledger.job(number)):  # type: ignore[operator]
        time.sleep(0.05)
    return time.monotonic()


def _memory_mb() -> float:
    """What this process holds of its own, maps of files left out."""
    fields = dict(line.split(":") for line in STATUS.read_text().splitlines())
    return int(fields["RssAnon"].split()[0]) / 1024


def _size_mb(path: Path) -> float:
    return path.stat().st_size / 1e6
