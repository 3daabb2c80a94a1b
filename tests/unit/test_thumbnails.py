"""Thumbnails: small, upright, the same every time, and nothing of the file they came from."""

import io

import numpy as np
import pytest
from PIL import Image

from sightline.domain.errors import BrokenImageError, ImageSizeError
from sightline.imaging.decode import decode
from sightline.imaging.limits import Limits
from sightline.imaging.thumbnails import SIZE_PX, thumbnail
from tests import pictures


def chunks(data):
    """The names of a WebP's parts."""
    names, at = [], 12
    while at < len(data):
        names.append(data[at : at + 4])
        at += 8 + (int.from_bytes(data[at + 4 : at + 8], "little") + 1) // 2 * 2
    return names


@pytest.mark.parametrize("size", [(1000, 500), (500, 1000), (256, 256), (4000, 20)])
def test_the_longer_side_becomes_256_pixels(size):
    with Image.open(io.BytesIO(thumbnail(pictures.saved(pictures.picture(size), "JPEG")))) as small:
        assert small.size == tuple(max(1, round(side * SIZE_PX / max(size))) for side in size)


def test_a_small_picture_is_not_enlarged():
    assert decode(thumbnail(pictures.saved(pictures.picture((30, 20)), "PNG"))).size == (30, 20)


@pytest.mark.parametrize(
    "kind", ["jpeg", "png alpha", "gif animated", "webp animated", "tiff CMYK raw", "apng"]
)
def test_every_kind_becomes_one_plain_webp_with_the_same_bytes_each_time(kind):
    data = pictures.whole_files()[kind]
    first = thumbnail(data)
    assert chunks(first) == [b"VP8 "]
    assert thumbnail(data) == first


def test_it_looks_like_the_picture_upright():
    image = pictures.picture((512, 300))
    exif = Image.Exif()
    exif[0x0112] = 6
    data = pictures.saved(image, "JPEG", quality=95, exif=exif)
    small = np.asarray(decode(thumbnail(data)), float)
    wanted = np.asarray(
        image.rotate(-90, expand=True).resize(small.shape[1::-1], Image.Resampling.LANCZOS), float
    )
    assert np.abs(small - wanted).mean() < 8  # sideways it would be 30


def test_nothing_of_the_files_own_bytes_goes_out():
    exif = Image.Exif()
    exif[0x010E] = "a secret description"
    icc = pictures.profile(pictures.P3)
    for kind in ("JPEG", "WEBP", "PNG"):
        data = pictures.saved(pictures.picture(), kind, exif=exif, icc_profile=icc) + b"appended script"
        made = thumbnail(data)
        assert chunks(made) == [b"VP8 "]
        assert b"secret" not in made
        assert b"script" not in made


def test_a_bad_picture_is_refused_as_everywhere():
    with pytest.raises(BrokenImageError):
        thumbnail(pictures.saved(pictures.picture(), "JPEG")[:200])
    with pytest.raises(ImageSizeError):
        thumbnail(pictures.saved(pictures.picture(), "PNG"), Limits(max_side_px=10))
