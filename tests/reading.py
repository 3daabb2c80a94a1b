"""`python -m tests.reading FOLDER`: reads all its pictures at once; tells what memory that took, and kept.

A process of its own, whose peak is of nothing else. Knows not what the pictures are; Linux only.
"""

import json
import re
import sys
from pathlib import Path

from sightline.imaging.memory import give_back_large_blocks
from sightline.services.jobs import Picture
from sightline.services.workshop import Terms, Workshop
from tests.fakes import fake_model, png

THREADS = 4
PATIENCE_S = 60


def held_mb(kind: str) -> float:
    """VmRSS: now; VmHWM: at most so far."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    found = re.search(rf"{kind}:\s+(\d+) kB", status)
    assert found
    return int(found[1]) / 1000


def main() -> None:
    give_back_large_blocks()  # as the server does
    files = [path.read_bytes() for path in sorted(Path(sys.argv[1]).iterdir())]
    model, workshop = fake_model(), Workshop(threads=THREADS)
    workshop.batcher.start()
    workshop.start(model, [Picture(png())], Terms())[0].answer.result(PATIENCE_S)  # all is loaded
    before_mb = held_mb("VmRSS")
    jobs = [workshop.start(model, [Picture(data)], Terms())[0] for data in files]
    errors = [job.answer.exception(PATIENCE_S) for job in jobs]
    workshop.close()
    names = [type(error).__name__ if error else "read" for error in errors]
    peak_mb, kept_mb = held_mb("VmHWM") - before_mb, held_mb("VmRSS") - before_mb
    print(json.dumps({"peak_mb": peak_mb, "kept_mb": kept_mb, "answers": names}))


if __name__ == "__main__":
    main()
