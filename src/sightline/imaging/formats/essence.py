"""What every format module hands out, and its words for a file that ends too soon. Knows no format."""

from dataclasses import dataclass

from sightline.domain.errors import BrokenImageError


@dataclass(frozen=True)
class Essence:
    """A file reduced to its first picture: checked to be whole, without what nobody reads.

    orientation: the EXIF value 1..8 still to be applied; None where Pillow reports it after opening.
    """

    data: bytes
    orientation: int | None = 1


def cut_short(name: str, missing: str) -> BrokenImageError:
    """The error for a truncated file. `missing` completes "ends before"."""
    return BrokenImageError(f"The {name} ends before {missing}; it was cut short: send the whole file.")
