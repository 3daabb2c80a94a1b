"""The decoder's order of checks, orientation, first frames, sources and words."""

import io
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFile, ImageOps

from sightline.domain.errors import (
    BrokenImageError,
    EmptyImageError,
    ImageBytesError,
    ImageSizeError,
    InvalidRequestError,
)
from sightline.imaging.decode import Limits, decode, read_image
from sightline.imaging.formats.table import AVIF
from tests import pictures

TURNS = {
    1: lambda image: image,
    2: ImageOps.mirror,
    3: lambda image: image.rotate(180),
    4: ImageOps.flip,
    5: lambda image: ImageOps.mirror(image.rotate(-90, expand=True)),
    6: lambda image: image.rotate(-90, expand=True),
    7: lambda image: ImageOps.mirror(image.rotate(90, expand=True)),
    8: lambda image: image.rotate(90, expand=True),
}


def test_nothing_is_not_a_picture() -> None:
    with pytest.raises(EmptyImageError, match="0 bytes"):
        decode(b"")


def test_the_byte_limit_is_exact() -> None:
    data = pictures.saved(pictures.picture(), "PNG")
    assert decode(data, Limits(max_image_bytes=len(data))).size == pictures.SIZE
    with pytest.raises(ImageBytesError, match=str(len(data) - 1)):
        decode(data, Limits(max_image_bytes=len(data) - 1))


@pytest.mark.parametrize(
    "limits",
    [
        Limits(max_pixels=83 * 60 - 1),
        Limits(max_side_px=82),
        Limits(max_aspect=1.3),
        Limits(max_decode_bytes=9),
    ],
)
def test_each_limit_refuses_a_picture_one_beyond_it(limits: Limits) -> None:
    data = pictures.saved(pictures.picture(), "PNG")
    with pytest.raises(ImageSizeError, match="83 x 60"):
        decode(data, limits)
    assert decode(data, Limits(max_pixels=83 * 60, max_side_px=83, max_aspect=1.4)).size == pictures.SIZE


def test_a_picture_without_pixels_is_broken() -> None:
    with pytest.raises(BrokenImageError, match="0 x 64"):
        decode(pictures.png((0, 64)))


@pytest.mark.parametrize("orientation", TURNS)
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
def test_every_orientation_is_applied_once(kind: str, orientation: int) -> None:
    options = {"WEBP": {"lossless": True}, "TIFF": {"tiffinfo": {0x0112: orientation}}}.get(kind, {})
    if kind == "TIFF":
        data = pictures.saved(pictures.picture(), kind, **options)
    else:
        data = pictures.turned(kind, orientation, **options)
    upright = TURNS[orientation](
        decode(pictures.saved(pictures.picture(), kind, **(options if kind == "WEBP" else {})))
    )
    assert decode(data).size == upright.size
    assert pictures.furthest(decode(data), upright) == 0


def test_the_exif_item_of_an_avif_does_not_turn_it_again() -> None:
    """Its irot and imir properties have the word, and this one has none, while its EXIF item says 6."""
    exif = Image.Exif()
    exif[0x0113] = 6  # Pillow would make an irot of 0x0112, so the tag is renamed in the file
    data = pictures.saved(pictures.picture(), "AVIF", exif=exif)
    turning = data.replace(b"\x13\x01\x03\0\1\0\0\0\6\0", b"\x12\x01\x03\0\1\0\0\0\6\0")
    turning = turning.replace(b"\x01\x13\0\x03\0\0\0\1\0\6", b"\x01\x12\0\x03\0\0\0\1\0\6")
    assert turning != data
    with AVIF.plugin(io.BytesIO(AVIF.essence(turning).data)) as opened:
        assert "exif" not in opened.info  # not even parsed
    assert decode(turning).size == pictures.SIZE


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG", "AVIF", "TIFF", "MPO"])
def test_the_first_frame_is_taken(kind: str) -> None:
    image = decode(pictures.animated(kind))
    distances = [
        np.abs(np.asarray(image, float) - np.asarray(pictures.picture(seed=seed), float)).mean()
        for seed in range(3)
    ]
    assert distances.index(min(distances)) == 0


def test_decoding_says_nothing_of_the_decoder() -> None:
    data = pictures.saved(pictures.picture(), "JPEG")
    with pytest.raises(BrokenImageError) as refusal:
        decode(data[:300].replace(b"\xff\xdb", b"\xff\xdb\x00", 1) + data[300:])
    words = str(refusal.value).lower()
    assert not any(word in words for word in ("pil", "0x", "bytesio", "syntaxerror", "traceback"))
    assert refusal.value.__cause__ is not None


def test_importing_and_decoding_change_nothing_of_pillow() -> None:
    decode(pictures.saved(pictures.picture(), "PNG"))
    assert ImageFile.LOAD_TRUNCATED_IMAGES is False
    gigabyte_of_rgb = 1024**3 // 4 // 3
    assert gigabyte_of_rgb == Image.MAX_IMAGE_PIXELS


def test_a_picture_that_pillow_would_warn_about_is_refused_without_a_warning() -> None:
    """100 megapixels: above Pillow's warning, below its error."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with pytest.raises(ImageSizeError):
            decode(pictures.png((10_000, 10_000), kind=(1, 0)))
    assert not caught


def test_threads_do_not_disturb_each_other() -> None:
    files = list(pictures.whole_files().values()) * 3
    alone = [np.asarray(decode(data)) for data in files]
    with ThreadPoolExecutor(8) as pool:
        together = [np.asarray(image) for image in pool.map(decode, files)]
    assert all(np.array_equal(one, other) for one, other in zip(alone, together, strict=True))


def test_a_picture_is_read_from_bytes_path_pil_and_array(tmp_path: Path) -> None:
    image, path = pictures.picture(), tmp_path / "picture.png"
    path.write_bytes(pictures.saved(image, "PNG"))
    for source in (path.read_bytes(), path, str(path), image, np.asarray(image), Image.open(path)):
        found = read_image(source)
        assert found.mode == "RGB"
        assert pictures.furthest(found, image) == 0


def test_a_pil_image_is_turned_upright_and_left_as_it_was() -> None:
    opened = Image.open(io.BytesIO(pictures.turned("JPEG", 6)))
    assert read_image(opened).size == pictures.SIZE[::-1]
    assert opened.size == pictures.SIZE
    turned_by_pillow = Image.open(io.BytesIO(pictures.tiff_of(pictures.picture(), tiffinfo={0x0112: 6})))
    assert read_image(turned_by_pillow).size == pictures.SIZE[::-1]


def test_a_pil_image_whose_file_is_cut_is_refused() -> None:
    data = pictures.saved(pictures.picture((300, 300)), "JPEG")
    with pytest.raises(BrokenImageError):
        read_image(Image.open(io.BytesIO(data[: len(data) // 2])))


def test_no_source_escapes_the_limits(tmp_path: Path) -> None:
    image, path, limits = pictures.picture(), tmp_path / "picture.png", Limits(max_pixels=100)
    image.save(path)
    for source in (path, image, np.asarray(image), path.read_bytes()):
        with pytest.raises(ImageSizeError):
            read_image(source, limits)


def test_a_path_that_is_no_file_is_named(tmp_path: Path) -> None:
    for path in (tmp_path / "none.jpg", tmp_path):
        with pytest.raises(InvalidRequestError, match=path.name):
            read_image(path)


def test_a_huge_file_is_refused_without_being_read(tmp_path: Path) -> None:
    path = tmp_path / "huge.jpg"
    with path.open("wb") as file:
        file.truncate(1 << 40)  # a hole: it takes no room, but nobody has the memory to read it
    with pytest.raises(ImageBytesError):
        read_image(path)


@pytest.mark.parametrize(
    "array",
    [
        np.zeros((4, 4)),
        np.zeros((4, 4), np.uint8),
        np.zeros((4, 4, 4), np.uint8),
        np.zeros((3, 4, 4), np.uint8),
    ],
)
def test_an_array_of_another_shape_or_type_is_refused(array: np.ndarray) -> None:
    with pytest.raises(InvalidRequestError, match="height, width, 3"):
        read_image(array)


def test_an_array_without_pixels_is_broken() -> None:
    with pytest.raises(BrokenImageError):
        read_image(np.zeros((0, 4, 3), np.uint8))


def test_another_source_is_refused_by_its_type() -> None:
    with pytest.raises(InvalidRequestError, match="int"):
        read_image(7)  # type: ignore[arg-type]
