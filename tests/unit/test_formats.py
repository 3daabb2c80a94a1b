"""Every format: what is whole is read, what is cut is refused, what is hostile costs little."""

import contextlib
import io
import struct
import time
import zlib
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from sightline.domain.errors import BrokenImageError, ImageError, ImageFormatError, ImageSizeError
from sightline.imaging.decode import decode
from sightline.imaging.formats.exif import orientation
from sightline.imaging.formats.table import recognise
from tests import avifs, pictures

WHOLE = pictures.whole_files()
each_whole_file = pytest.mark.parametrize("name", WHOLE)


@each_whole_file
def test_a_whole_file_is_read(name: str) -> None:
    image = decode(WHOLE[name])
    assert (image.mode, image.size) == ("RGB", pictures.SIZE)


def _pillow_converts_it(name: str) -> bool:
    """Whether Pillow's own conversion to RGB is the rule; test_modes.py has the other rules."""
    image = Image.open(io.BytesIO(WHOLE[name]))
    return not image.has_transparency_data and image.mode not in ("I", "F", "I;16")


@pytest.mark.parametrize("name", [name for name in WHOLE if _pillow_converts_it(name)])
def test_reducing_a_file_to_its_essence_changes_no_pixel(name: str) -> None:
    assert pictures.furthest(decode(WHOLE[name]), Image.open(io.BytesIO(WHOLE[name])).convert("RGB")) == 0


@each_whole_file
def test_the_header_tells_the_size_that_pillow_finds(name: str) -> None:
    assert recognise(WHOLE[name]).size(WHOLE[name]) == Image.open(io.BytesIO(WHOLE[name])).size


@pytest.mark.parametrize("name", sorted(WHOLE.keys() - {"mpo"}))
def test_a_file_cut_anywhere_is_refused(name: str) -> None:
    data = (
        WHOLE[name].rstrip(b"\0") if "pages" in name else WHOLE[name]
    )  # less Pillow's padding, which none miss
    cuts = {*range(1, min(200, len(data))), *range(200, len(data), 97), *range(len(data) - 40, len(data))}
    for length in cuts:
        with pytest.raises(ImageError):
            decode(data[:length])


def test_an_mpo_that_lost_its_further_pictures_is_read() -> None:
    """Servers that shrink uploads drop them and leave the index: the first picture is a JPEG, and whole."""
    data = WHOLE["mpo"]
    assert decode(data[: data.index(b"\xff\xd9") + 2]).size == pictures.SIZE


@each_whole_file
def test_a_damaged_file_is_read_or_refused_as_an_image_error(name: str) -> None:
    data, dice = WHOLE[name], np.random.default_rng(0)
    for _ in range(60):
        damaged = bytearray(data)
        damaged[dice.integers(len(data))] ^= 1 << dice.integers(8)
        with contextlib.suppress(ImageError):
            decode(bytes(damaged))


@pytest.mark.parametrize("name", ["jpeg", "png", "gif", "webp", "mpo"])
def test_bytes_after_the_end_are_ignored(name: str) -> None:
    clean = decode(WHOLE[name])
    assert pictures.furthest(decode(WHOLE[name] + b"\xff\xd8trailing\0"), clean) == 0


@pytest.mark.parametrize("name", [name for name in WHOLE if "png" in name])
def test_a_flipped_bit_in_a_png_never_passes(name: str) -> None:
    data, dice = WHOLE[name], np.random.default_rng(1)
    for at in dice.integers(len(data), size=60):
        with pytest.raises(ImageError):
            decode(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])


def test_a_random_marker_amid_jpeg_pixels_is_damage() -> None:
    data = WHOLE["jpeg"]
    with pytest.raises(BrokenImageError, match="damaged"):
        decode(data[:-40] + b"\xff\x47" + data[-38:])


@pytest.mark.parametrize("colour", [0, 2, 3, 4, 6])
@pytest.mark.parametrize("depth", [1, 2, 4, 8, 16])
def test_every_png_kind_is_read_and_others_are_refused(colour: int, depth: int) -> None:
    valid = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}[colour]
    data = pictures.png((9, 5), pictures.chunk(b"PLTE", bytes(6)), kind=(depth, colour))
    if depth in valid:
        assert decode(data).size == (9, 5)
    else:
        with pytest.raises(BrokenImageError):
            decode(data)


def test_an_odd_bmp_is_read() -> None:
    palette = bytes(range(64))
    for data in (
        pictures.bmp((4, -2), (16, 0), bytes(16)),
        pictures.bmp((4, 2), (4, 0), b"\x12\x34\0\0" * 2, palette),
        pictures.bmp((4, 2), (1, 0), b"\x90\0\0\0" * 2, palette[:8]),
        pictures.bmp((4, 2), (8, 1), b"\x04\x05\0\0\x04\x06\0\0\0\1", bytes(1024)),
        pictures.bmp((4, 2), (4, 2), b"\x04\x15\0\0\0\4\x12\x34\0\0\0\1", palette),
        b"BM" + struct.pack("<IHHIIHHHH", 0, 0, 0, 32, 12, 4, 2, 1, 1) + bytes(6) + b"\x90\0\0\0" * 2,
    ):
        assert decode(data).size == (4, 2)


def test_notes_that_are_too_short_do_not_spoil_the_jpeg_that_carries_them() -> None:
    clean = decode(WHOLE["jpeg"])
    for note in (b"\xff\xe0\0\x07JFIF\0", b"\xff\xe2\0\x0eICC_PROFILE\0", b"\xff\xee\0\x07Adobe"):
        assert pictures.furthest(decode(_jpeg_with(note)), clean) == 0


def test_a_profile_packed_in_an_unknown_way_does_not_spoil_the_png_that_carries_it() -> None:
    profile = pictures.chunk(b"iCCP", b"k\0\1" + zlib.compress(bytes(200)))
    assert decode(pictures.png(extra=profile)).size == (64, 64)


def test_a_webp_turns_only_if_its_flags_tell_of_exif() -> None:
    data = pictures.turned("WEBP", 6)
    assert decode(data).size == pictures.SIZE[::-1]
    assert decode(data[:20] + bytes([data[20] & ~8]) + data[21:]).size == pictures.SIZE


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("bits", [8, 16])
def test_an_odd_tiff_is_read(order: str, bits: int) -> None:
    tags = pictures.grey_tiff_tags((4, 4), bits)
    pixels = bytes(16 * bits // 8)
    assert decode(pictures.tiff(tags, pixels, order)).size == (4, 4)
    del tags[279]  # no byte counts, as old scanners write
    assert decode(pictures.tiff(tags, pixels, order)).size == (4, 4)
    tiles = {tag: tags[tag] for tag in (256, 257, 258, 259, 262)} | {322: 16, 323: 16, 324: 8}
    assert decode(pictures.tiff(tiles, bytes(256 * bits // 8), order)).size == (4, 4)


def test_pages_that_loop_end_the_walk() -> None:
    data = pictures.tiff(pictures.grey_tiff_tags((4, 4)), bytes(16))
    assert decode(data[:-4] + struct.pack("<I", 24)).size == (4, 4)


TOO_LARGE = {
    "png": pictures.png((13_370, 13_370), kind=(1, 0)),
    "png header alone": pictures.png((60_000, 60_000), kind=(1, 0))[:60],
    "gif": pictures.gif((13_000, 13_000)),
    "webp of 36 bytes": pictures.webp_lossless_header((9_400, 9_400)),
    "webp under the general limit": pictures.webp_lossless_header((7_000, 7_000)),
    "bmp": pictures.bmp((16_000, 16_000), (1, 0), b""),
    "bmp run-length": pictures.bmp((3_000, 3_000), (8, 1), b"\0\1", bytes(1024)),
    "tiff": pictures.tiff(pictures.grey_tiff_tags((16_000, 16_000)), b""),
    "jpeg": WHOLE["jpeg"].replace(struct.pack(">HH", 60, 83), struct.pack(">HH", 16_000, 16_000)),
    "a side": pictures.png((16_385, 100), kind=(1, 0)),
    "a strip": pictures.png((16_000, 79), kind=(1, 0)),
}


@pytest.mark.parametrize("name", TOO_LARGE)
def test_size_is_refused_by_the_header(name: str) -> None:
    start = time.monotonic()
    with pytest.raises(ImageSizeError, match=r"limit|may have|may be"):
        decode(TOO_LARGE[name])
    assert time.monotonic() - start < 0.5


def test_a_strip_at_the_aspect_limit_is_read() -> None:
    assert decode(pictures.png((16_000, 80), kind=(1, 0))).size == (16_000, 80)


def _flood(piece: bytes) -> bytes:
    return piece * (19_000_000 // len(piece))


def _exif_bomb() -> bytes:
    entries = struct.pack(">HHII", 0x9999, 1, 15_000_000, 8) * 65_535
    return b"MM\0*\0\0\0\x08" + struct.pack(">H", 65_535) + entries + bytes(16_000_000)


def _jpeg_with(extra: bytes) -> bytes:
    return WHOLE["jpeg"][:2] + extra + WHOLE["jpeg"][2:]


def _scans(size: tuple[int, int]) -> bytes:
    """Thousands of empty scans."""
    data = pictures.saved(Image.new("L", size), "JPEG", progressive=True)
    return data[:-2] + b"\xff\xda\0\x08\1\1\0\1\5\0" * 10_000 + data[-2:]


def _avif_in_pieces(count: int) -> bytes:
    """Items that claim so many extents of no bytes at all."""
    place = struct.pack(">HHH", 1, 0, 0) + struct.pack(">H", count)
    boxes = avifs.full(b"iinf", bytes(2)) + avifs.box(b"iprp")
    located = avifs.full(b"iloc", struct.pack(">HH", 0, 65_535), place * 65_535)
    return WHOLE["avif"][:32] + avifs.full(b"meta", boxes, located)


HOSTILE: dict[str, Callable[[], bytes]] = {
    "png zTXt": lambda: pictures.png(
        extra=pictures.chunk(b"zTXt", b"k\0\0" + zlib.compress(bytes(10**8), 1))
    ),
    "png iCCP": lambda: pictures.png(
        extra=pictures.chunk(b"iCCP", b"k\0\0" + zlib.compress(bytes(10**8), 1))
    ),
    "png many zTXt": lambda: pictures.png(
        extra=pictures.chunk(b"zTXt", b"k\0\0" + zlib.compress(bytes(10**6))) * 2000
    ),
    "png chunks": lambda: pictures.png(extra=_flood(pictures.chunk(b"prIv"))),
    "png exif": lambda: pictures.png(extra=pictures.chunk(b"eXIf", _exif_bomb())),
    "png animation": lambda: pictures.png(extra=pictures.chunk(b"acTL", struct.pack(">II", 2**31 - 1, 0))),
    "jpeg comments": lambda: _jpeg_with(_flood(b"\xff\xfe\0\2")),
    "jpeg starts": lambda: _jpeg_with(_flood(b"\xff\xd8")),
    "jpeg fill": lambda: _jpeg_with(_flood(b"\xff")),
    "jpeg junk": lambda: WHOLE["jpeg"][:20] + _flood(b"\0") + WHOLE["jpeg"][20:],
    "jpeg restarts": lambda: WHOLE["jpeg"][:-2] + _flood(b"\xff\xd0") + b"\xff\xd9",
    "jpeg scans": lambda: _scans((2000, 2000)),
    "gif frames": lambda: pictures.gif((500, 500), after=pictures.GIF_FRAME * 60_000),
    "gif comment": lambda: pictures.gif((64, 64), b"!\xfe" + _flood(b"\1a") + b"\0"),
    "gif extensions": lambda: pictures.gif((64, 64), _flood(b"!\xfe\0")),
    "gif zeros": lambda: pictures.gif((64, 64), _flood(b"\0")),
    "webp exif": lambda: pictures.saved(pictures.picture(), "WEBP", exif=b"Exif\0\0" + _exif_bomb()),
    "bmp runs": lambda: pictures.bmp((2800, 2800), (8, 1), b"\2\1" * 990_000, bytes(1024)),
    "tiff empty pages": lambda: (
        b"II*\0" + b"".join(struct.pack("<IH", 8 + 6 * page, 0) for page in range(10**6))
    ),
    "tiff tile": lambda: pictures.tiff(
        {256: 64, 257: 64, 258: 8, 259: 1, 262: 1, 322: 60_000, 323: 60_000, 324: 8}, bytes(4096)
    ),
    "avif boxes": lambda: WHOLE["avif"] + _flood(b"\0\0\0\x08free"),
    "avif units": lambda: avifs.still([_flood(b"\x12\0")], [(64, 64)]),
    "avif many units": lambda: avifs.still(
        [bytes([18, 0]) * 4_900 + bytes([i >> 8, i & 255]) for i in range(2_000)], [(64, 64)]
    ),
    "avif frames": lambda: avifs.still([avifs.frame((64, 64)) * 30_000], [(64, 64)]),
    "avif copies": lambda: avifs.still(
        [avifs.frame((64, 64))], [(64, 64)] * 2, avifs.grid_of(60, 60, (9, 9)), 3600
    ),
    "avif pieces": lambda: _avif_in_pieces(65_535),
    "avif tracks": lambda: WHOLE["avif"] + avifs.box(b"moov", _flood(avifs.box(b"trak", bytes(0)))),
    "avif metas": lambda: WHOLE["avif"] + b"\0\0\0\x08meta" * 9_000 + b"\0\0\0\0free" + bytes(10**7),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_costs_under_two_seconds(name: str) -> None:
    data = HOSTILE[name]()
    start = time.process_time()
    with contextlib.suppress(ImageError):
        assert decode(data).width <= 500
    assert time.process_time() - start < 2


def test_text_bombs_do_not_spoil_the_picture_that_carries_them() -> None:
    assert decode(HOSTILE["png zTXt"]()).size == (64, 64)
    assert decode(HOSTILE["gif frames"]()).size == (500, 500)


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "HEIC"),
        (b"<?xml version='1.0'?>\n<svg xmlns=''>", "SVG"),
        (b"%PDF-1.7", "PDF"),
        (b"\0\0\0\x0cjP  \r\n\x87\n", "JPEG 2000"),
        (b"8BPS\0\1", "PSD"),
        (b"\0\0\1\0\1\0", "ICO"),
        (b"  <!DOCTYPE html><html>", "HTML"),
        (b"\0\0\0\x18ftypisom\0\0\0\0mp42", "video"),
        (b"BM is how this text begins, and no bitmap", "no picture format"),
        (b"hello", "no picture format"),
    ],
)
def test_another_format_is_refused_by_name_and_with_the_list_of_accepted(data: bytes, name: str) -> None:
    with pytest.raises(ImageFormatError, match=name) as refusal:
        decode(data)
    assert "JPEG, PNG, WebP, GIF, BMP, TIFF, AVIF" in str(refusal.value)


@pytest.mark.parametrize(
    "block", [b"", b"II*\0", b"MM\0*\xff\xff\xff\xff", b"II*\0\x08\0\0\0\xff\xff", b"junk" * 9]
)
def test_a_broken_exif_block_means_upright(block: bytes) -> None:
    assert orientation(block) == 1


@pytest.mark.parametrize("value", [0, 9, 65_535])
def test_an_orientation_that_does_not_exist_means_upright(value: int) -> None:
    block = b"MM\0*\0\0\0\x08\0\1" + struct.pack(">HHIHH", 0x0112, 3, 1, value, 0)
    assert orientation(block) == 1
