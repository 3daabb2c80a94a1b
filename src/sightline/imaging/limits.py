"""How large a picture from outside may be. Does not know how pictures are read."""

from dataclasses import dataclass

from sightline.domain.errors import BrokenImageError, EmptyImageError, ImageBytesError, ImageSizeError

_MEGA = 1_000_000


@dataclass(frozen=True)
class Limits:
    """Bounds on one picture, checked before its pixels are touched.

    max_aspect: longer side over shorter side.
    max_decode_bytes: memory while decoding. Formats that need more of it per pixel get fewer pixels (see
        formats/table.py): at the default, WebP and AVIF end at 37.5 megapixels.
    Above 89 megapixels Pillow's own process-wide Image.MAX_IMAGE_PIXELS has a say for GIF, TIFF and WebP too.
    """

    max_image_bytes: int = 20_000_000
    max_pixels: int = 50_000_000
    max_side_px: int = 16_384
    max_aspect: float = 200
    max_decode_bytes: int = 600_000_000

    def check_bytes(self, count: int) -> None:
        """Raises EmptyImageError, ImageBytesError."""
        if count == 0:
            raise EmptyImageError("The picture has 0 bytes: send the file's contents.")
        if count > self.max_image_bytes:
            raise ImageBytesError(
                f"The picture has more than {self.max_image_bytes} bytes, the limit: send a smaller file."
            )

    def check_size(self, width: int, height: int, bytes_per_px: int = 4) -> None:
        """Raises BrokenImageError: no pixels. ImageSizeError: too many, too long a side, too thin a strip."""
        if min(width, height) < 1:
            raise BrokenImageError(f"The picture is {width} x {height} pixels: it needs at least 1 x 1.")
        limit = min(self.max_pixels, self.max_decode_bytes // bytes_per_px)
        found = f"The picture is {width} x {height} pixels"
        if max(width, height) > self.max_side_px:
            raise ImageSizeError(f"{found}; a side may have {self.max_side_px}: scale it down.")
        if width * height > limit:
            raise ImageSizeError(
                f"{found}, {width * height / _MEGA:.1f} million; the limit for this format is "
                f"{limit / _MEGA:.1f} million: scale it down."
            )
        if max(width, height) > self.max_aspect * min(width, height):
            raise ImageSizeError(
                f"{found}; the longer side may be {self.max_aspect:g} times the shorter: cut it into parts."
            )
