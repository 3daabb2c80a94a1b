"""Thumbnails are kept where they can be, and shown where they cannot."""

from contextlib import nullcontext
from pathlib import Path

from sightline.imaging.limits import Limits
from sightline.services.collections.thumbnails import ThumbnailCache, Thumbnails
from tests.pictures import picture, saved

SHA256 = "ab" * 32


def test_a_folder_that_cannot_be_made_costs_no_thumbnail(tmp_path: Path) -> None:
    (tmp_path / "thumbnails").write_bytes(b"no folder")
    cache = ThumbnailCache(tmp_path / "thumbnails")
    kept = Thumbnails(cache, record=nullcontext(), uploads=nullcontext(), open_source=nullcontext)  # type: ignore[arg-type]
    assert kept.keep(SHA256, saved(picture(), "PNG"), Limits()).startswith(b"RIFF")
