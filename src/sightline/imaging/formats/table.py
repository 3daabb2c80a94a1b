"""Which formats are accepted, and how a file shows which it is. Does not know limits or pixels."""

from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from PIL import (
    AvifImagePlugin,
    BmpImagePlugin,
    GifImagePlugin,
    Image,
    JpegImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)
from PIL.ImageFile import ImageFile

from sightline.domain.errors import ImageFormatError
from sightline.imaging.formats import avif, bmp, gif, jpeg, png, tiff, tiff_samples, webp
from sightline.imaging.formats.essence import Essence


def _as_pillow_does(image: ImageFile) -> Image.Image:
    image.load()
    return image


@dataclass(frozen=True)
class Format:
    """An accepted format.

    plugin: Pillow's class for it. Called directly rather than through Image.open, so that no other format can
        answer, no plugin is looked up in shared tables, and Pillow's process-wide pixel limit has no say.
    size: (width, height) by the header, before Pillow sees a byte.
    load: decodes what the plugin has opened.
    bytes_per_px: peak memory of decoding to RGB, measured at 37 to 50 MP on the costliest kind of the format.
        AVIF's measured 12 are raised to 16, which keeps its slower decoder under two seconds.
    """

    name: str
    plugin: Callable[[BytesIO], ImageFile]
    essence: Callable[[bytes], Essence]
    size: Callable[[bytes], tuple[int, int]]
    bytes_per_px: int
    load: Callable[[Any], Image.Image] = _as_pillow_does


JPEG = Format("JPEG", JpegImagePlugin.JpegImageFile, jpeg.essence, jpeg.size, 12)
PNG = Format("PNG", PngImagePlugin.PngImageFile, png.essence, png.size, 8)
WEBP = Format("WebP", WebPImagePlugin.WebPImageFile, webp.essence, webp.size, 16)
GIF = Format("GIF", GifImagePlugin.GifImageFile, gif.essence, gif.size, 8)
BMP = Format("BMP", BmpImagePlugin.BmpImageFile, bmp.essence, bmp.size, 8)
TIFF = Format("TIFF", TiffImagePlugin.TiffImageFile, tiff.essence, tiff.size, 12, tiff_samples.load)
AVIF = Format("AVIF", AvifImagePlugin.AvifImageFile, avif.essence, avif.size, 16)

ACCEPTED = (JPEG, PNG, WEBP, GIF, BMP, TIFF, AVIF)

_MAGIC = {
    b"\xff\xd8\xff": JPEG,
    b"\x89PNG\r\n\x1a\n": PNG,
    b"GIF87a": GIF,
    b"GIF89a": GIF,
    b"II*\0": TIFF,
    b"MM\0*": TIFF,
    b"II+\0": TIFF,
    b"MM\0+": TIFF,
}
_REFUSED = {
    b"%PDF": "PDF",
    b"8BPS": "PSD",
    b"\0\0\0\x0cjP  ": "JPEG 2000",
    b"\xff\x4f\xff\x51": "JPEG 2000",
    b"\0\0\0\x0cJXL ": "JPEG XL",
    b"\xff\x0a": "JPEG XL",
    b"II\xbc\x01": "JPEG XR",
    b"\0\0\1\0": "ICO",
    b"\0\0\2\0": "a cursor",
    b"icns": "ICNS",
    b"%!PS": "PostScript",
    b"DDS ": "DDS",
    b"SIMPLE  =": "FITS",
    b"v/1\x01": "OpenEXR",
    b"qoif": "QOI",
    b"\x1f\x8b": "gzip",
    b"PK\3\4": "ZIP",
    b"\x1aE\xdf\xa3": "a video",
}
_AVIF_BRANDS = {b"avif", b"avis"}
_HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"}


def recognise(data: bytes) -> Format:
    """The format by the file's first bytes; its name and what a browser said of it are never asked.

    Raises ImageFormatError: not one of ACCEPTED; names what it seems to be.
    """
    for magic, found in _MAGIC.items():
        if data.startswith(magic):
            return found
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return WEBP
    if data[:2] == b"BM" and int.from_bytes(data[14:18], "little") in bmp.HEADER_LENGTHS:
        return BMP
    if _brands(data) & _AVIF_BRANDS:
        return AVIF
    seems = _seems(data)
    what = (
        f"The file seems to be {seems}, which is not accepted"
        if seems
        else "The file is no picture format we know"
    )
    raise ImageFormatError(f"{what}: send one of {', '.join(kind.name for kind in ACCEPTED)}.")


def _seems(data: bytes) -> str | None:
    """A name for what is refused, so that the sender knows what to convert."""
    for magic, name in _REFUSED.items():
        if data.startswith(magic):
            return name
    if brands := _brands(data):
        return "HEIC" if brands & _HEIC_BRANDS else "a video or an unknown kind of HEIF"
    text = data[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if b"<svg" in text:
        return "SVG"
    if text.startswith((b"<!doctype html", b"<html")):
        return "HTML"
    return "XML" if text.startswith(b"<?xml") else None


def _brands(data: bytes) -> set[bytes]:
    """The kinds an ISO media file (AVIF, HEIC, MP4) says it is: its major brand and the compatible ones."""
    if data[4:8] != b"ftyp":
        return set()
    end = min(int.from_bytes(data[:4], "big"), 256)
    return {data[8:12]} | {data[at : at + 4] for at in range(16, end, 4)}
