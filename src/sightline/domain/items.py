"""What a collection holds and what a search gives: items, changes, hits. Does not know who keeps them.

An item is an id, a unit vector and metadata. Names and values that come from outside are checked here, once:
what passes can be kept by every store.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

from sightline.domain.errors import InvalidRequestError

if TYPE_CHECKING:  # names are checked where no vector is near: numpy takes 0.1 s
    from sightline.domain.arrays import Float32

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
Metadata = Mapping[str, Json]
Place = tuple[str | int, ...]  # in a document: keys and numbers
ColumnType = Literal["number", "boolean", "text"]  # what a person may say that a table's column holds
COLUMN_TYPES: tuple[ColumnType, ...] = get_args(ColumnType)

COLLECTION_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")  # 63: PostgreSQL cuts a longer identifier off
RESERVED_NAME = re.compile(r"pg_.*|information_schema")  # databases keep these schemas for themselves
MAX_ITEM_ID_CHARACTERS = 512
MAX_METADATA_DEPTH = 32
MAX_URI_CHARACTERS = 4096
UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")  # control characters and halves of a pair
# PostgreSQL's text cannot hold NUL, UTF-8 cannot hold half of a surrogate pair
UNSTORABLE = re.compile(r"[\x00\ud800-\udfff]")


@dataclass(frozen=True, eq=False)
class Change:
    """One step of the record: an item as it is from now on, or its removal.

    seq: the step's number, unique in its collection and larger than those before it.
    vector: (dim,) of unit length; None if the item was removed.
    """

    seq: int
    item_id: str
    vector: "Float32 | None"
    metadata: Metadata


@dataclass(frozen=True)
class Scored:
    """An item that a search found, and the cosine between its vector and the query."""

    item_id: str
    score: float


@dataclass(frozen=True)
class IndexState:
    """How a view finds neighbours.

    kind: `exact` where every vector is compared, else the index's name, as in `hnsw bf16`.
    covered: how many items the index knows; those it does not are compared one by one.
    recall: measured recall@10 of the index on a sample; None while none was measured.
    """

    kind: str
    covered: int
    recall: float | None


def checked_collection(name: str) -> str:
    """The name, if a collection may bear it.

    Raises InvalidRequestError.
    """
    if not COLLECTION_NAME.fullmatch(name):
        raise InvalidRequestError(
            f"{name[:80]!r} cannot name a collection; take 1 to 63 of a-z, 0-9 and _, a letter first"
        )
    if RESERVED_NAME.fullmatch(name):
        raise InvalidRequestError(f"{name!r} is a name that databases keep for themselves; take another")
    return name


def checked_item_id(item_id: str) -> str:
    """The id, if an item may bear it.

    Raises InvalidRequestError.
    """
    if not 1 <= len(item_id) <= MAX_ITEM_ID_CHARACTERS:
        raise InvalidRequestError(
            f"an item id of {len(item_id)} characters; it must have 1 to {MAX_ITEM_ID_CHARACTERS}"
        )
    if UNPRINTABLE.search(item_id):
        raise InvalidRequestError(
            f"item id {item_id[:80]!r} holds a control character or half a surrogate pair"
        )
    return item_id


def checked_metadata(metadata: object) -> Metadata:
    """The metadata, if it is a JSON object that every store can keep.

    Raises InvalidRequestError, naming the place.
    """
    if not isinstance(metadata, dict):
        raise InvalidRequestError(f"metadata must be a JSON object, not {type(metadata).__name__}")
    _check_json(metadata, (), MAX_METADATA_DEPTH)
    return metadata


def checked_uri(uri: str) -> str:
    """The address, if it can be shown with an item. It is never opened.

    Raises InvalidRequestError.
    """
    if len(uri) > MAX_URI_CHARACTERS or "\0" in uri:
        raise InvalidRequestError(
            f"a uri of {len(uri)} characters; it may have {MAX_URI_CHARACTERS}, and no NUL among them"
        )
    return uri


def _check_json(value: object, place: Place, depth_left: int) -> None:
    if depth_left < 0:
        raise InvalidRequestError(f"metadata is nested more than {MAX_METADATA_DEPTH} deep")
    match value:
        case None | bool():
            return
        case str():
            _check_text(value, place)
        case int() | float():
            _check_number(value, place)
        case list():
            for number, item in enumerate(value):
                _check_json(item, (*place, number), depth_left - 1)
        case dict():
            for key, item in value.items():
                _check_text(key, place)
                _check_json(item, (*place, key), depth_left - 1)
        case _:
            raise InvalidRequestError(f"{_shown(place)} is {type(value).__name__}, which JSON does not have")


def _check_text(text: object, place: Place) -> None:
    if not isinstance(text, str):
        raise InvalidRequestError(f"{_shown(place)} has a key {text!r}; keys of JSON objects are strings")
    if UNSTORABLE.search(text):
        raise InvalidRequestError(f"{_shown(place)} holds text with a NUL or half a surrogate pair")


def _check_number(number: float, place: Place) -> None:
    try:
        finite = abs(float(number)) < float("inf")  # NaN is not
    except OverflowError:
        finite = False
    if not finite:
        raise InvalidRequestError(f"{_shown(place)} is a number that no float64 holds; write it as a string")


def _shown(place: Place) -> str:
    """Written only for an error: of a hundred thousand values below a long key it would take minutes."""
    return "metadata" + "".join(f"[{part}]" if isinstance(part, int) else f".{part:.80}" for part in place)
