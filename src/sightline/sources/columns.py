"""Which columns of a table are its ids, pictures and metadata. Knows names only, and opens nothing.

What is not said is told from names that catalogues have: image_url_2, Photo Path, sku.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sightline.domain.errors import SourceError
from sightline.domain.items import COLUMN_TYPES
from sightline.sources.options import Columns

_IDS = ("id", "item_id", "product_id", "sku", "article_id", "asin", "handle")
_PICTURE = re.compile(r"(image|picture|photo|img)s?(_?(path|file|file_?name|url|link|src)s?)?(_?\d+)?")
_DATA = re.compile(r"((image|picture|photo|img)_?)?(bytes|data|base64)(_?\d+)?")
# alone they may mean a page or a document, so they count only where nothing is called a picture
_PLAIN = re.compile(r"(path|file|file_?name|file_?path|url)s?(_?\d+)?")


@dataclass(frozen=True)
class Layout:
    """Every column's part. pictures: paths or URLs. data: bytes."""

    id: str | None
    pictures: Sequence[str]
    data: Sequence[str]
    metadata: Sequence[str] | None
    types: Mapping[str, str]


def layout(wanted: Columns, names: Sequence[str], binary: Iterable[str]) -> Layout:
    """Raises SourceError: a column that was named is not there, or none has pictures; no such type."""
    known = frozenset(names)
    for name in (wanted.id, *wanted.pictures, *wanted.data, *(wanted.metadata or ()), *wanted.types):
        if name is not None and name not in known:
            raise SourceError(f"the table has no column {name!r}; it has {_listed(names)}")
    if unknown := set(wanted.types.values()).difference(COLUMN_TYPES):
        raise SourceError(
            f"{min(unknown)[:40]!r} is no type of a column; there are {', '.join(COLUMN_TYPES)}"
        )
    pictures, data = wanted.pictures, wanted.data
    if misplaced := [name for name in data if binary and name not in binary]:
        raise SourceError(f"the column {misplaced[0]!r} holds no bytes; {_listed(tuple(binary))} do")
    if not pictures and not data:
        pictures, data = _guessed(names, frozenset(binary))
    if not pictures and not data:
        raise SourceError(
            f"no column of the table is called as pictures are; say which of {_listed(names)} has them"
        )
    return Layout(wanted.id or _id_among(names), pictures, data, wanted.metadata, wanted.types)


def _guessed(names: Sequence[str], binary: frozenset[str]) -> tuple[Sequence[str], Sequence[str]]:
    data = [name for name in names if _is(_DATA, name) or (name in binary and _is(_PICTURE, name))]
    if binary:
        data = [name for name in data if name in binary]
    texts = [name for name in names if name not in binary and name not in data]
    pictures = [name for name in texts if _is(_PICTURE, name)]
    if not pictures and not data:
        pictures = [name for name in texts if _is(_PLAIN, name)]
    return pictures, data


def _id_among(names: Sequence[str]) -> str | None:
    plain = {_plain(name): name for name in reversed(names)}
    return next((plain[name] for name in _IDS if name in plain), None)


def _is(kind: re.Pattern[str], name: str) -> bool:
    return kind.fullmatch(_plain(name)) is not None


def _plain(name: str) -> str:
    return re.sub(r"[\s.-]+", "_", name.strip().lower())


def _listed(names: Sequence[str]) -> str:
    return ", ".join(repr(name[:60]) for name in names[:30]) or "none"
