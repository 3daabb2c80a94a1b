"""An AVIF's boxes: its true size, and whether it is whole. Does not know pixels."""

from sightline.domain.errors import BrokenImageError
from sightline.imaging.formats.av1 import Size
from sightline.imaging.formats.avif_frames import Sizes, sources
from sightline.imaging.formats.boxes import Box, Boxes
from sightline.imaging.formats.essence import Essence

# What is shown may be coded four times over: its colours, its transparency, a map of brightness, and tiles
# that reach beyond its edges. Small pictures may be coded any number of times.
_MAX_CODINGS = 4
_FREE_PX = 4_000_000


def size(data: bytes) -> Size:
    """Width and height in pixels: the largest that a box names, each of which is proved by a frame.

    A decoder makes room for what a frame's own header says, whatever the boxes say, and then scales.
    Raises BrokenImageError: a frame has a size that no box names, or frames are out of all proportion.
    """
    sizes = sources(data)
    for source in sizes:
        _check_named(source)
    coded = [frame for source in sizes for frame in source.coded]
    if not coded:
        raise BrokenImageError("The AVIF has no picture that we know of: save it again and send that.")
    largest = max([*coded, *(shown for source in sizes for shown in source.named)], key=_pixels)
    _check_proportion(largest, coded)
    return largest


def essence(data: bytes) -> Essence:
    """The file with its EXIF item renamed, so that nobody parses it.

    The orientation of an AVIF is what its irot and imir properties say. Pillow reports them as if they were
    EXIF and overrules the EXIF item, which therefore is of no use here, and of harm when it is a bomb.
    Raises BrokenImageError: a box reaches beyond the end of the file.
    """
    found = Boxes(data).one_each(0, len(data))
    for name in (b"meta", b"moov"):  # a still's items, a sequence's
        box = found.get(name, Box(name, 0, 0))
        items = data[box.body : box.end].replace(b"Exif", b"none")
        data = data[: box.body] + items + data[box.end :]
    return Essence(data, orientation=None)


def _check_named(sizes: Sizes) -> None:
    for width, height in sizes.coded:
        if (width, height) not in sizes.named:
            raise BrokenImageError(
                f"The AVIF has a frame of {width} x {height} pixels, which none of its boxes names: save it "
                "again and send that."
            )


def _check_proportion(largest: Size, coded: list[Size]) -> None:
    coded_px = sum(_pixels(frame) for frame in coded)
    if coded_px > max(_FREE_PX, _MAX_CODINGS * _pixels(largest)):
        raise BrokenImageError(
            f"The AVIF codes {coded_px} pixels to show {_pixels(largest)}; the limit is {_MAX_CODINGS} times "
            "as many: save one picture of it."
        )


def _pixels(size: Size) -> int:
    return size[0] * size[1]
