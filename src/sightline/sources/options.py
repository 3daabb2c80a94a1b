"""What a source is told beside its address: plain values that a job can keep, and a port. Knows no source."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sightline.domain.ports import Fetcher
from sightline.imaging.limits import Limits
from sightline.sources.selection import Selection


@dataclass(frozen=True)
class Columns:
    """Which columns of a table mean what; those not named are found by their names.

    pictures: paths or http(s) URLs, one or a list in a cell; several columns are pictures of one product.
    data: a picture's bytes, base64 in CSV and JSONL.
    metadata: the columns kept with the item; None is every other one.
    types: of columns kept with the item `number`, `boolean` or `text`; other cells in them are left out.
    """

    id: str | None = None
    pictures: Sequence[str] = ()
    data: Sequence[str] = ()
    metadata: Sequence[str] | None = None
    types: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class SourceOptions:
    """root: the folder a table's paths are relative to and may not leave; the table's own if None.

    encoding: of a CSV or JSON lines file; None for UTF-8, or what its byte order mark says.
    fetcher: reads the pictures that a table names by URL; None where no URL is read.
    """

    max_image_bytes: int = Limits.max_image_bytes
    selection: Selection = field(default_factory=Selection)
    columns: Columns = field(default_factory=Columns)
    root: str | None = None
    encoding: str | None = None
    fetcher: Fetcher | None = field(default=None, compare=False, repr=False)
