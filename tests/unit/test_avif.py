"""The true size of an AVIF: what its frames say, which its boxes may deny. Nothing large is ever decoded."""

import io
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from sightline.domain.errors import BrokenImageError, ImageError, ImageSizeError
from sightline.imaging.decode import decode
from sightline.imaging.formats import avif
from sightline.imaging.formats.av1 import FrameReader
from sightline.imaging.limits import Limits
from sightline.imaging.weight import reading_bytes
from tests import avifs, pictures

TILE = avifs.frame((64, 64))
GRID = avifs.still([TILE], [(100, 120), (64, 64)], avifs.grid_of(2, 2, (100, 120)), copies=4)
LARGE = pictures.saved(Image.new("RGB", (1000, 800)), "AVIF", speed=10)
FEW = Limits(max_pixels=100_000)
KINDS = {
    "still": pictures.saved(pictures.picture(), "AVIF"),
    "alpha": pictures.saved(pictures.see_through(), "AVIF"),
    "frames": pictures.animated("AVIF"),
    "grid": GRID,
}


@pytest.mark.parametrize("claimed", [(83, 60), (2000, 1600), (800, 1000), (1, 1), (0, 0)])
def test_a_frame_that_no_box_names_is_refused(claimed: tuple[int, int]) -> None:
    data = avifs.claiming(LARGE, claimed)
    with pytest.raises(BrokenImageError, match="1000 x 800"):
        decode(data)
    assert reading_bytes(data) == 0


def test_a_frame_beyond_the_limit_is_refused_though_its_picture_is_shown_small() -> None:
    """The picture is 100 x 80 by its grid, and its one tile has a name of its own."""
    tile = LARGE[LARGE.index(b"mdat") + 4 :]
    data = avifs.still([tile], [(100, 80), (1000, 800)], avifs.grid_of(1, 1, (100, 80)))
    with pytest.raises(ImageSizeError, match="1000 x 800"):
        decode(data, FEW)
    assert reading_bytes(data, FEW) == 0
    assert reading_bytes(data) == len(data) + 1000 * 800 * 16


def test_the_first_frame_of_a_sequence_must_be_of_the_size_its_track_names() -> None:
    frames = [pictures.picture((400, 300), seed) for seed in range(2)]
    data = pictures.saved(frames[0], "AVIF", save_all=True, append_images=frames[1:])
    assert avif.size(data) == (400, 300)
    start = data.index(b"moov")
    small, shown = struct.pack(">HH", 40, 30), struct.pack(">HHHH", 40, 0, 30, 0)
    track = data[start:].replace(struct.pack(">HHHH", 400, 0, 300, 0), shown)
    hiding = data[:start] + track.replace(struct.pack(">HH", 400, 300), small)
    with Image.open(io.BytesIO(hiding)) as opened:
        assert opened.size == (40, 30)
    with pytest.raises(BrokenImageError, match="400 x 300"):
        decode(hiding)


def test_a_grid_is_as_large_as_it_says_and_is_read() -> None:
    assert avif.size(GRID) == decode(GRID).size == (100, 120)


def test_a_grid_that_would_come_out_beyond_the_limit_is_refused() -> None:
    grid = avifs.grid_of(2, 2, (30_000, 30_000))
    data = avifs.still([TILE], [(100, 120), (64, 64)], grid, copies=4)
    with pytest.raises(ImageSizeError, match="30000 x 30000"):
        decode(data)


def test_frames_out_of_all_proportion_to_the_picture_are_refused() -> None:
    """Ten tiles of 6 megapixels, each of which but the last shows one row of its 1000."""
    tile = avifs.frame((6000, 1000))
    data = avifs.still([tile], [(6000, 1000)] * 2, avifs.grid_of(10, 1, (6000, 1000)), copies=10)
    with pytest.raises(BrokenImageError, match="60000000"):
        decode(data)


@pytest.mark.parametrize("subsampling", ["4:0:0", "4:2:0", "4:2:2", "4:4:4"])
@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L"])
@pytest.mark.parametrize("size", [(1, 1), (3, 5), (16, 64), (257, 255)])
def test_whatever_pillow_writes_is_read(size: tuple[int, int], mode: str, subsampling: str) -> None:
    image = pictures.see_through(size).convert(mode)
    for quality, speed in ((0, 10), (60, 6), (100, 8)):
        options = {"quality": quality, "speed": speed, "subsampling": subsampling}
        for more in ({}, {"save_all": True, "append_images": [image]}):
            data = pictures.saved(image, "AVIF", **options, **more)
            assert avif.size(data) == decode(data).size == size
            assert reading_bytes(data) == len(data) + size[0] * size[1] * 16


@settings(deadline=None, max_examples=2000)
@given(kind=st.sampled_from(sorted(KINDS)), data=st.data())
def test_flipped_bytes_give_an_image_within_the_limit_or_our_error(kind: str, data: st.DataObject) -> None:
    damaged = bytearray(KINDS[kind])
    for _ in range(data.draw(st.integers(1, 3))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    try:
        image = decode(bytes(damaged), FEW)
    except ImageError:
        return
    assert image.width * image.height <= FEW.max_pixels
    assert reading_bytes(bytes(damaged), FEW) >= image.width * image.height * 16


def unit(kind: int, bits: str) -> bytes:
    """An OBU, by its type and the bits of its body."""
    bits = bits.replace(" ", "")
    length = -(-len(bits) // 8)
    return bytes([kind << 3 | 2, length]) + int(bits.ljust(8 * length, "0") or "0", 2).to_bytes(length, "big")


# 83 x 60 in 14 bits each, by the specification, 5.5.1: profile, not a still, not reduced; no timing, no
# display delay, one operating point, level 0; sizes; no numbers; tools; no order; each frame says for itself.
SEQUENCE = unit(1, f"000 0 0 0 0 00000 {0:012b} 00000 1101 1101 {82:014b} {59:014b} 0 000 0000 0 1 1 000 00")


def timed(interval: str) -> bytes:
    """A sequence with all that may be said of time, in 10 bits, and numbers of 6 bits for its frames."""
    timing = f"1 {1:032b} {30:032b} {interval} 1 00111 {1:032b} 00111 01001"
    operating_point = f"{0:012b} 01000 1 1 {0:017b} 1 0000"
    sizes = f"1101 1101 {82:014b} {59:014b}"
    return unit(
        1, f"000 0 0 {timing} 1 00000 {operating_point} {sizes} 1 0010 001 000 0000 1 00 1 0 1 000 00"
    )


FRAME = 6


@pytest.mark.parametrize(
    ("units", "sizes"),
    [
        (unit(FRAME, "0 00 1 0 0 0"), [(83, 60)]),
        (unit(FRAME, "0 00 1 0 0 1"), [(16_384, 16_384)]),  # overrides
        (unit(FRAME, "0 00 1 0 1 1 1"), [(16_384, 16_384)]),  # has screen content, of which one bit more
        (unit(FRAME, "0 00 0 0 1 0 0 0"), [(83, 60)]),  # hidden
        (unit(FRAME, "0 11 1 0 0"), [(16_384, 16_384)]),  # a switch frame always overrides
        (unit(FRAME, "1 000"), []),  # shows an earlier one
        (unit(FRAME, "0 00 1 0 0 0") * 3, [(83, 60)] * 3),
        (unit(2, "") + unit(15, "0" * 80) + unit(FRAME, "0 00 1 0 0 0"), [(83, 60)]),
    ],
)
def test_frames_tell_their_size(units: bytes, sizes: list[tuple[int, int]]) -> None:
    assert FrameReader().sizes(memoryview(SEQUENCE + units)) == sizes


@pytest.mark.parametrize(("interval", "time"), [("0", f"{1023:010b}"), ("1 00101", "")])
@pytest.mark.parametrize(("override", "size"), [("0", (83, 60)), ("1", (16_384, 16_384))])
def test_times_and_numbers_of_frames_are_stepped_over(
    interval: str, time: str, override: str, size: tuple[int, int]
) -> None:
    frame = unit(FRAME, f"0 00 1 {time} 0 0 111111 {override}")
    assert FrameReader().sizes(memoryview(timed(interval) + frame)) == [size]


@pytest.mark.parametrize(
    "data", [unit(FRAME, "0 00 1 0 0 0"), SEQUENCE[:-1], SEQUENCE[:1], b"\x0a" + b"\x80" * 9]
)
def test_frames_without_a_sequence_or_cut_off_are_refused(data: bytes) -> None:
    with pytest.raises(BrokenImageError):
        FrameReader().sizes(memoryview(data))
