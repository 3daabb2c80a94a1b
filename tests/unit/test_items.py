"""Names and metadata that come from outside."""

import math

import pytest

from sightline.domain.errors import InvalidRequestError
from sightline.domain.items import checked_collection, checked_item_id, checked_metadata


@pytest.mark.parametrize("name", ["a", "photos", "a_1", "x" * 63])
def test_collection_may_be_called(name):
    assert checked_collection(name) == name


@pytest.mark.parametrize(
    "name",
    ["", "A", "1a", "_a", "a-b", "a b", "a\n", "é", "x" * 64, "pg_x", 'a"; DROP', "information_schema"],
)
def test_collection_may_not_be_called(name):
    with pytest.raises(InvalidRequestError):
        checked_collection(name)


@pytest.mark.parametrize("item_id", ["a", "a/b c.jpg", "été 雪 😀", "'; --", "x" * 512])
def test_item_may_have_the_id(item_id):
    assert checked_item_id(item_id) == item_id


@pytest.mark.parametrize("item_id", ["", "x" * 513, "a\0", "a\n", "\x7f", "\udc80"])
def test_item_may_not_have_the_id(item_id):
    with pytest.raises(InvalidRequestError):
        checked_item_id(item_id)


def test_metadata_of_any_json_is_kept_as_it_is():
    metadata = {"a": [1, 2.5, None, True, {"b": "é"}], "": {}}
    assert checked_metadata(metadata) is metadata


def nested(depth):
    return [nested(depth - 1)] if depth else []


@pytest.mark.parametrize(
    ("metadata", "said"),
    [
        ([], "object"),
        ({"a": [0, math.nan]}, r"metadata\.a\[1\]"),
        ({"a": 10**400}, "float64"),
        ({"a": {"b": "\0"}}, r"metadata\.a\.b"),
        ({"a\ud800": 1}, "surrogate"),
        ({1: 1}, "keys"),
        ({"a": (1,)}, "tuple"),
        ({"a": nested(40)}, "deep"),
    ],
)
def test_metadata_that_a_store_could_not_keep_is_refused(metadata, said):
    with pytest.raises(InvalidRequestError, match=said):
        checked_metadata(metadata)
