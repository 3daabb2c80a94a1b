"""What a source says of one picture, and the id under which it is kept. Knows no files, no catalogue."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from sightline.domain.items import Json

# In an item's metadata: the product it shows. A source may have several pictures of one.
PRODUCT = "product_id"
# In a source's `left_out`: parts of it that may hold pictures, and were not seen
UNOPENED = "folders that cannot be opened"
_ID_HEX_DIGITS = 32  # 128 bits: among 10^12 items the odds of two alike are one in 10^14


@dataclass(frozen=True)
class Entry:
    """One picture of a source, before anything of it is read.

    key: the same at every scan while the picture keeps its place or its row; unique within the source, text
        that any database can hold.
    uri: where it is, for people and for the source itself: file:///photos/a.png, https://shop/a.jpg,
        file:///photos.tar#a.png.
    size_bytes, mtime_ns: None where only reading would tell. Equal ones mean: not changed since.
    """

    key: str
    uri: str
    size_bytes: int | None = None
    mtime_ns: int | None = None
    metadata: Mapping[str, Json] = field(default_factory=dict)


def item_id(key: str, source: str = "") -> str:
    """The id of the item made from an entry: 32 hex digits, the same on every machine and at every scan.

    source: a name that tells sources of one collection apart, where two may have equal keys. The collection
    has no part in it, so the same folder has the same ids in two collections.
    """
    # with its length before it, no source and key run together into another source and key
    text = f"{len(source)}:{source}{key}"
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:_ID_HEX_DIGITS]
