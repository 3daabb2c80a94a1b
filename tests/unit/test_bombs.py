"""Pictures that unpack to as much as they may, or to more than they say: sixteen at once fit in memory."""

import json
import subprocess
import sys
from pathlib import Path
from traceback import walk_tb

import pytest
from PIL import Image

from sightline.domain.errors import BrokenImageError
from sightline.imaging.decode import decode
from tests import avifs, pictures

AT_ONCE = 16
MAX_PEAK_MB = 1500  # above what the process held before
MAX_KEPT_MB = 200  # the same, after the last answer: 18 to 33 were seen, and 358 to 828 where glibc decides
LARGEST = (6123, 6123)  # 37.49 megapixels; AVIF and WebP end at 37.5


def bombs() -> list[bytes]:
    """The costly first, so that they meet in memory. All but the PNG are a kilobyte at most."""
    avif = pictures.saved(Image.new("RGB", LARGEST), "AVIF", speed=10)
    webp = pictures.webp_lossless_header(LARGEST)
    png = pictures.png((7071, 7071))  # 49.999 of 50 megapixels
    return [webp, avif] * 6 + [avifs.claiming(avif, pictures.SIZE)] * 2 + [png] * 2


@pytest.mark.skipif(sys.platform != "linux", reason="a process's peak is read from /proc")
def test_sixteen_bombs_at_once_take_less_than_a_gigabyte_and_a_half(tmp_path: Path) -> None:
    files = bombs()
    assert len(files) == AT_ONCE
    for index, data in enumerate(files):
        (tmp_path / f"{index:02}").write_bytes(data)
    command = [sys.executable, "-m", "tests.reading", str(tmp_path)]
    told = json.loads(subprocess.run(command, capture_output=True, check=True, timeout=60).stdout)
    damaged, hiding = ["BrokenImageError", "read"], ["BrokenImageError"]
    assert told["answers"] == damaged * 6 + hiding * 2 + ["read"] * 2
    assert 400 < told["peak_mb"] < MAX_PEAK_MB  # less, and the bombs were duds
    assert told["kept_mb"] < MAX_KEPT_MB


def test_the_error_of_a_failed_picture_does_not_keep_its_pixels() -> None:
    """It lives until the caller has its answer, and a list of many such pictures is answered at its end."""
    with pytest.raises(BrokenImageError) as refusal:
        decode(pictures.webp_lossless_header((64, 64)))
    cause = refusal.value.__cause__
    assert cause is not None
    kept = [value for frame, _ in walk_tb(cause.__traceback__) for value in frame.f_locals.values()]
    assert not [value for value in kept if isinstance(value, Image.Image)]
