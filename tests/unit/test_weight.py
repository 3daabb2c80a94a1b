"""What a picture will take while it is read: told before, for every kind, whatever its bytes."""

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from sightline.domain.errors import SightlineError
from sightline.imaging.decode import decode
from sightline.imaging.formats.table import recognise
from sightline.imaging.limits import Limits
from sightline.imaging.weight import reading_bytes, reading_s
from tests import pictures

FILES = pictures.whole_files()
PIXELS = pictures.SIZE[0] * pictures.SIZE[1]


@pytest.mark.parametrize("kind", FILES)
def test_a_file_weighs_its_bytes_and_what_its_format_needs_per_pixel(kind: str) -> None:
    data = FILES[kind]
    assert reading_bytes(data) == len(data) + PIXELS * recognise(data).bytes_per_px


def test_a_file_on_disk_weighs_what_its_bytes_weigh(tmp_path: Path) -> None:
    path = tmp_path / "picture.png"
    path.write_bytes(FILES["png"])
    assert reading_bytes(path) == reading_bytes(str(path)) == reading_bytes(FILES["png"])


def test_arrays_and_open_pictures_weigh_by_their_pixels() -> None:
    picture = pictures.picture()
    assert reading_bytes(np.asarray(picture)) == PIXELS * 7
    assert reading_bytes(picture) == PIXELS * 16


def test_an_open_picture_weighs_something_up_to_the_limit_it_is_read_under() -> None:
    """48 megapixels are read, though a file of the costliest format ends at 37.5."""
    assert reading_bytes(Image.new("L", (8000, 6000))) == 48_000_000 * 16


@pytest.mark.parametrize(
    "source",
    [
        b"",
        b"no picture",
        FILES["png"][:20],
        pictures.png((16_385, 1)),
        pictures.png((10_000, 5_001)),
        pictures.webp_lossless_header((9_400, 9_400)),
        np.zeros((3, 3), dtype=np.uint8),
        Image.new("L", (1, 300)),
        "no/such/file.png",
        "nul\0.png",
        ".",
        None,
    ],
    ids=lambda source: repr(source)[:30],
)
def test_what_will_be_refused_weighs_nothing(source: object) -> None:
    assert reading_bytes(source) == 0  # type: ignore[arg-type]


def test_the_limits_are_those_given() -> None:
    data = FILES["webp"]
    assert reading_bytes(data, Limits(max_pixels=PIXELS - 1)) == 0
    assert reading_bytes(data, Limits(max_image_bytes=len(data) - 1)) == 0
    assert reading_bytes(data, Limits(max_pixels=PIXELS, max_image_bytes=len(data))) > 0


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert reading_bytes(tmp_path / "pipe") == 0


@settings(deadline=None, max_examples=300)
@given(kind=st.sampled_from(sorted(FILES)), data=st.data())
def test_damaged_files_never_raise_and_what_can_be_read_weighs_its_pixels(
    kind: str, data: st.DataObject
) -> None:
    damaged = bytearray(FILES[kind])
    for _ in range(data.draw(st.integers(1, 4))):
        damaged[data.draw(st.integers(0, min(len(damaged), 400) - 1))] = data.draw(st.integers(0, 255))
    cut = bytes(damaged[: data.draw(st.integers(1, len(damaged)))] if data.draw(st.booleans()) else damaged)
    limits = Limits(max_pixels=1_000_000)
    weight = reading_bytes(cut, limits)
    assert 0 <= weight <= len(cut) + 1_000_000 * 16
    try:
        image = decode(cut, limits)
    except SightlineError:
        return
    assert weight >= image.width * image.height * 8


def test_the_time_to_read_grows_with_pixels_as_well_as_with_bytes() -> None:
    """Sizes and times of one core: by bytes alone, a photo after a thousand icons would take ten seconds."""
    icon = pictures.saved(Image.new("RGB", (64, 64)), "PNG")
    flat = pictures.saved(Image.new("RGB", (4000, 3000)), "PNG")
    assert 0.1e-3 < reading_s(icon) < 1e-3  # measured: 0.25 ms
    assert 80e-3 < reading_s(flat) < 350e-3  # 173 ms, of 35 kB
    noisy = pictures.saved(Image.frombytes("RGB", (400, 533), os.urandom(400 * 533 * 3)), "PNG")
    assert 6e-3 < reading_s(noisy) < 23e-3  # 11 ms


def test_the_time_to_read_what_is_no_file_in_memory_is_not_asked_of_the_disk(tmp_path: Path) -> None:
    assert 0 < reading_s(tmp_path / "none.png") < 1e-3
    assert 0 < reading_s(b"no picture") < 1e-3
