"""The place of a row in a text table: the byte at which it begins. Does not know what a row holds."""

import re

from sightline.domain.errors import BrokenRowError

_PLACE = re.compile("byte=[0-9]{1,18}")


def place_of(byte: int) -> str:
    return f"byte={byte}"


def byte_of(place: str) -> int:
    """The offset in a place such as byte=120. Raises BrokenRowError: it is none."""
    if not _PLACE.fullmatch(place):
        raise BrokenRowError(f"{place[:80]!r} is no place in a table; scan again")
    return int(place.removeprefix("byte="))
