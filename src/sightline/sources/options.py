"""What a source is told beside its address. Plain values, so that a job can keep them; knows no source."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sightline.imaging.limits import Limits
from sightline.sources.selection import Selection


@dataclass(frozen=True)
class Columns:
    """Which columns of a table mean what; those not named are found by their names.

    pictures: paths or http(s) URLs, one or a list in a cell; several columns are pictures of one product.
    data: a picture's bytes, base64 in CSV and JSONL.
    metadata: the columns kept with the item; None is every other one.
    """

    id: str | None = None
    pictures: Sequence[str] = ()
    data: Sequence[str] = ()
    metadata: Sequence[str] | None = None


@dataclass(frozen=True)
class SourceOptions:
    """root: the folder a table's paths are relative to and may not leave; the table's own if None."""

    max_image_bytes: int = Limits.max_image_bytes
    selection: Selection = field(default_factory=Selection)
    columns: Columns = field(default_factory=Columns)
    root: str | None = None
