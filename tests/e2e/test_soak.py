"""The soak in short: mixed requests, damaged ones and clients that leave, and nothing piles up."""

from pathlib import Path

from benchmarks.pictures import uploads
from benchmarks.soak import soak


def test_threads_and_files_do_not_pile_up_and_vectors_stay(tmp_path: Path) -> None:
    found = soak("mini", uploads(tmp_path / "pictures"), seconds=5)
    assert found.found["ok"] > 100
    assert found.hostile > 5
    assert found.cosine > 0.9999
    settled, last = found.settled[0], found.samples[-1]
    assert last.threads - settled.threads <= 2
    assert last.files - settled.files <= 20
    assert last.rss_mb - settled.rss_mb < 100
