"""Pictures to look at, small or large. Drawn anew from pixels: of the file sent, no byte goes out again.

Does not know where they are kept.
"""

from io import BytesIO

from PIL import Image

from sightline.imaging.decode import decode
from sightline.imaging.limits import Limits

SIZE_PX = 256
LARGE_PX = 1600  # as wide as a laptop's window
MEDIA_TYPE = "image/webp"
# WebP at 80 is near what JPEG is at 90; a photo comes to some 10 kB
_QUALITY = 80


def thumbnail(data: bytes, limits: Limits = Limits(), *, size_px: int = SIZE_PX) -> bytes:  # noqa: B008  # frozen
    """A WebP of at most size_px x size_px pixels, upright, in sRGB, never enlarged, without any metadata.

    The same picture gives the same bytes with the same versions of Pillow and libwebp. Raises ImageError.
    """
    image = decode(data, limits)
    image.thumbnail((size_px, size_px), Image.Resampling.LANCZOS)
    file = BytesIO()
    image.save(file, "WEBP", quality=_QUALITY, exif=b"", icc_profile=b"", xmp=b"")
    return file.getvalue()
