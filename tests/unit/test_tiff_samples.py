"""A TIFF's samples, however they are laid out: the picture is the one that was written."""

import struct
import zlib

import numpy as np
import pytest

from sightline.domain.errors import BrokenImageError
from sightline.imaging.decode import decode
from tests import pictures

GREY = np.asarray(pictures.picture().convert("L"))  # (H, W) uint8
RGB = np.asarray(pictures.picture())
RAW, DEFLATE = 1, 8
UNSIGNED, SIGNED, FLOAT = 1, 2, 3

each_order = pytest.mark.parametrize("order", ["<", ">"])
each_coding = pytest.mark.parametrize("coding", [RAW, DEFLATE])
each_header = pytest.mark.parametrize("is_big", [False, True], ids=["tiff", "bigtiff"])


def tiff(planes: list[bytes], tags: dict[int, tuple[int, ...]], order: str, *, is_big: bool) -> bytes:
    """One strip per plane; tags hold integers. In a BigTIFF all of them have 64 bits."""
    magic = b"II" if order == "<" else b"MM"
    pixels = b"".join(planes) + bytes(sum(map(len, planes)) % 2)
    at = 16 if is_big else 8
    starts = [at + sum(map(len, planes[:index])) for index in range(len(planes))]
    tags = {256: (RGB.shape[1],), 257: (RGB.shape[0],), **tags, 273: (*starts,), 279: (*map(len, planes),)}
    word, kind, room = ("Q", 16, 8) if is_big else ("I", 4, 4)
    first = at + len(pixels)
    count = struct.pack(order + ("Q" if is_big else "H"), len(tags))
    outside_at = first + len(count) + len(tags) * (20 if is_big else 12) + room
    entries, outside = b"", b""
    for tag in sorted(tags):
        values = struct.pack(f"{order}{len(tags[tag])}{word}", *tags[tag])
        entries += struct.pack(f"{order}HH{word}", tag, kind, len(tags[tag]))
        if len(values) > room:
            entries += struct.pack(order + word, outside_at + len(outside))
            outside += values
        else:
            entries += values
    head = struct.pack(order + ("HHHQ" if is_big else "HI"), *((43, 8, 0, first) if is_big else (42, first)))
    return magic + head + pixels + count + entries + bytes(room) + outside


def packed(samples: np.ndarray, order: str, coding: int) -> bytes:
    data = samples.astype(samples.dtype.newbyteorder(order)).tobytes()
    return zlib.compress(data) if coding == DEFLATE else data


@each_order
@each_coding
@each_header
@pytest.mark.parametrize("depth", [8, 16])
def test_planes_are_read_as_the_same_picture(order: str, coding: int, is_big: bool, depth: int) -> None:
    samples = RGB if depth == 8 else RGB.astype(np.uint16) * 257
    planes = [packed(samples[:, :, band], order, coding) for band in range(3)]
    tags = {258: (depth,) * 3, 259: (coding,), 262: (2,), 277: (3,), 284: (2,)}
    assert np.array_equal(np.asarray(decode(tiff(planes, tags, order, is_big=is_big))), RGB)


@each_order
@each_coding
@each_header
@pytest.mark.parametrize(
    ("samples", "kind"),
    [
        ((GREY / 255).astype(np.float32), FLOAT),
        (GREY.astype(np.int16) * 100, SIGNED),
        (GREY.astype(np.int32) * 256, SIGNED),
        (GREY.astype(np.uint16) * 257, UNSIGNED),
    ],
    ids=["float32", "int16", "int32", "uint16"],
)
def test_deep_grey_is_the_same_in_every_order(
    order: str, coding: int, is_big: bool, samples: np.ndarray, kind: int
) -> None:
    bits = samples.dtype.itemsize * 8
    tags = {258: (bits,), 259: (coding,), 262: (1,), 277: (1,), 339: (kind,)}
    found = np.asarray(decode(tiff([packed(samples, order, coding)], tags, order, is_big=is_big)))[:, :, 0]
    factor = 1 / 255 if kind == FLOAT else 257
    assert np.abs(found - samples / factor).max() <= 1


@each_order
@each_coding
@pytest.mark.parametrize("depth", [8, 16])
def test_grey_whose_zero_is_white_is_no_negative(order: str, coding: int, depth: int) -> None:
    samples = 255 - GREY if depth == 8 else 65_535 - GREY.astype(np.uint16) * 257
    tags = {258: (depth,), 259: (coding,), 262: (0,), 277: (1,)}
    data = tiff([packed(samples, order, coding)], tags, order, is_big=False)
    if (order, depth) == (">", 16):  # Pillow has no name for it
        with pytest.raises(BrokenImageError):
            decode(data)
    else:
        assert np.array_equal(np.asarray(decode(data))[:, :, 0], GREY)


@each_coding
def test_grey_of_12_bits_is_as_bright_as_of_8(coding: int) -> None:
    deep = (GREY.astype(np.uint16) << 4) | (GREY >> 4)  # 255 becomes 4095
    deep = np.pad(deep, ((0, 0), (0, deep.shape[1] % 2)))
    pairs = np.stack(
        [deep[:, ::2] >> 4, (deep[:, ::2] & 15) << 4 | deep[:, 1::2] >> 8, deep[:, 1::2] & 255], 2
    )
    tags = {258: (12,), 259: (coding,), 262: (1,), 277: (1,)}
    # rows end at a whole byte, so the second half of the last pair is left out
    row_bytes = (GREY.shape[1] * 12 + 7) // 8
    rows = pairs.astype(np.uint8).reshape(len(pairs), -1)[:, :row_bytes]
    found = np.asarray(decode(tiff([packed(rows, "<", coding)], tags, "<", is_big=False)))[:, :, 0]
    assert np.abs(found.astype(int) - GREY).max() <= 1


def test_grey_and_alpha_in_planes_are_refused() -> None:
    planes = [packed(GREY, "<", DEFLATE)] * 2
    tags = {258: (8, 8), 259: (DEFLATE,), 262: (1,), 277: (2,), 284: (2,), 338: (2,)}
    with pytest.raises(BrokenImageError, match="interleaved"):
        decode(tiff(planes, tags, "<", is_big=False))


def test_tags_of_a_bigtiff_that_share_their_values_cost_nothing() -> None:
    """Copied out one by one, thirty of them would make a gigabyte of a file of 20 MB."""
    planes = [packed(RGB, "<", RAW)]
    tags = {258: (8, 8, 8), 259: (RAW,), 262: (2,), 277: (3,)}
    data = tiff(planes, tags, "<", is_big=True) + bytes(2_000_000)
    at = struct.unpack_from("<Q", data, 8)[0]
    entries = [data[at + 8 + 20 * index :][:20] for index in range(8)]
    entries += [struct.pack("<HHQQ", tag, 7, 1_900_000, 16) for tag in (34675, 50674)]
    data += struct.pack("<Q", len(entries)) + b"".join(entries) + bytes(8)
    data = data[:8] + struct.pack("<Q", len(data) - 16 - 20 * len(entries)) + data[16:]
    with pytest.raises(BrokenImageError, match="share"):
        decode(data)
