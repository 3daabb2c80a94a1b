"""The time of reading and cutting one picture, on one core. Knows no engine."""

import statistics
import time
from pathlib import Path

import sightline


def preparation_ms(folder: Path, pictures: Path) -> float:
    """Median of decoding and resizing one upload, on one core."""
    model = sightline.load(folder)
    times = []
    for path in sorted(pictures.glob("*.jpg"))[:64]:
        data = path.read_bytes()
        started = time.perf_counter()
        model.prepare_image(data)
        times.append(time.perf_counter() - started)
    return statistics.median(times) * 1000
