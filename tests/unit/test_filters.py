"""What a filter says, and what it means."""

import pytest

from sightline.domain.errors import InvalidFilterError
from sightline.domain.filter_syntax import MAX_DEPTH, MAX_SAFE_INTEGER, MAX_TERMS, parse
from sightline.domain.filters import And, Equals, matches

DRESS = {
    "colour": "red",
    "price": 49.5,
    "stock": 5,
    "sale": True,
    "tags": ["summer", 7, True],
    "size": {"eu": 38},
    "none": None,
    "empty": [],
    "nulls": [None],
    "rows": [{"eu": 38}],
}


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"colour": "red"},
        {"colour": {"eq": "red"}},
        {"colour": {"ne": "blue"}},
        {"colour": {"in": ["blue", "red"]}},
        {"colour": {"gte": "red", "lt": "ree"}},
        {"price": {"gt": 49, "lt": 50}},
        {"stock": 5.0},
        {"stock": {"lte": 5}},
        {"sale": True},
        {"tags": "summer"},
        {"tags": {"gt": 6}},
        {"tags": True},
        {"size.eu": 38},
        {"size": {"exists": True}},
        {"size": {"ne": 38}},
        {"nulls": {"exists": True}},
        {"none": {"exists": False}},
        {"empty": {"exists": False}},
        {"absent": {"exists": False}},
        {"not": {"absent": 1}},
        {"or": [{"colour": "blue"}, {"sale": True}]},
        {"and": [{"colour": "red"}, {"sale": True}]},
        {"and": []},
    ],
    ids=str,
)
def test_item_passes(document):
    assert matches(parse(document), DRESS)


@pytest.mark.parametrize(
    "document",
    [
        {"colour": "Red"},
        {"colour": {"in": []}},
        {"colour": {"lt": "red"}},
        {"colour": {"lt": 50}},
        {"price": {"lt": 49.5}},
        {"price": {"lt": "50"}},
        {"stock": "5"},
        {"sale": 1},
        {"sale": {"gt": 0}},
        {"tags": {"ne": "summer"}},
        {"tags": 1},
        {"tags.0": "summer"},
        {"rows.eu": 38},
        {"size": 38},
        {"none": {"ne": 1}},
        {"empty": {"ne": 1}},
        {"absent": {"ne": 1}},
        {"absent": {"lt": 1}},
        {"colour.absent": {"exists": True}},
        {"not": {}},
        {"or": []},
        {"colour": "red", "sale": False},
    ],
    ids=str,
)
def test_item_does_not_pass(document):
    assert not matches(parse(document), DRESS)


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ([], "JSON object"),
        ({"price": {"below": 5}}, "'below'"),
        ({"price": {}}, "no condition"),
        ({"price": None}, "exists"),
        ({"price": [1, 2]}, "take `in`"),
        ({"price": {"in": 5}}, "takes a list"),
        ({"price": {"lt": True}}, "no order"),
        ({"price": {"lt": float("nan")}}, "nan"),
        ({"id": MAX_SAFE_INTEGER + 1}, "strings"),
        ({"price": {"exists": 1}}, "true or false"),
        ({"and": {}}, "takes a list"),
        ({"a..b": 1}, "empty"),
        ({"a.*": 1}, r"lone \*"),
        ({'a"b': 1}, "double quote"),
        ({"a\\b": 1}, "backslash"),
        ({".".join("abcdefghi"): 1}, "at most 8 keys"),
        ({"colour": "x" * 1025}, "1025"),
        ({"colour": "\ud800"}, "surrogate"),
        ({"colour": {"in": ["x"] * MAX_TERMS}}, "ask in parts"),
        ({"or": [{}] * (MAX_TERMS + 1)}, "ask in parts"),
    ],
)
def test_wrong_filter_is_refused_and_says_why(document, said):
    with pytest.raises(InvalidFilterError, match=said):
        parse(document)


def test_filter_nests_as_deep_as_it_may_and_no_deeper():
    document = {"colour": "red"}
    for _ in range(MAX_DEPTH):
        document = {"not": document}
    assert matches(parse(document), DRESS)
    with pytest.raises(InvalidFilterError, match="deep"):
        parse({"not": document})


def test_one_condition_is_not_wrapped():
    assert parse({"colour": "red"}) == Equals(("colour",), ("red",))
    assert parse({}) == And(())
