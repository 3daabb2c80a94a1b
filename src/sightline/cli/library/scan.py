"""What a job's scan found and passed over, in lines for people. Does not know how it was found."""

from collections.abc import Iterator, Mapping
from typing import Any

from sightline.domain.wording import counted

COUNTED = ("added", "changed", "moved", "unchanged", "removed")
EMPTY = (
    "no picture was found there: pictures are files named .jpg, .png, .webp and alike, or what --include, "
    "--exclude and --hidden choose; no link is followed"
)


def lines_of(scan: Mapping[str, Any] | None) -> Iterator[str]:
    """None: of a job that scans nothing, or has not scanned yet."""
    if scan is None:
        return
    counts = ", ".join(f"{scan[name]} {name}" for name in COUNTED if scan[name])
    yield f"scan: {counted(scan['found'], 'picture')}" + (f": {counts}" if counts else "")
    if scan["left_out"]:
        yield "left out: " + ", ".join(f"{count} {what}" for what, count in scan["left_out"].items())
    yield from scan["remarks"]
    if not scan["found"]:
        yield EMPTY
    if scan["kept"]:
        yield f"{scan['kept']} that the source does not show any more are kept"
