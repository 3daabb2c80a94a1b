"""Colours, legends and fields: what each row's byte means, and metadata that means harm."""

import time

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sightline.catalogue.record import SqlRecord
from sightline.domain.collections import MAX_DOCUMENT_CHARACTERS
from sightline.services.atlas.colours import NO_VALUE, OTHER, STEPS, Categories, Category, Colours, Scale
from sightline.services.atlas.fields import MAX_DISTINCT, MAX_FIELDS, Field, Fields
from sightline.services.atlas.sheets import Sheets
from tests.contracts.atlas.conftest import Draw, Put
from tests.records import removals

EXAMPLES = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
plain = st.one_of(st.booleans(), st.integers(-3, 3), st.sampled_from(["", "a", "b", "1", "é"]), st.none())
values = st.one_of(plain, st.lists(plain, max_size=3), st.dictionaries(st.just("b"), plain))


@pytest.fixture
def colours(record: SqlRecord) -> Colours:
    return Colours(record)


@pytest.fixture
def sheets(record: SqlRecord) -> Sheets:
    return Sheets(record, rest=lambda took_s: 0.0)


def test_the_largest_values_have_colours_and_the_rest_one_together(
    colours: Colours, sheets: Sheets, put: Put, draw: Draw
) -> None:
    names = [f"v{number:02d}" for number in range(25) for _ in range(number + 1)]
    put([*({"brand": name} for name in names), {}, {"brand": None}, {"brand": []}, {"brand": {"x": 1}}])
    draw(range(len(names) + 4))
    found = colours.of(sheets.newest("shoes"), ("brand",))
    assert isinstance(found.legend, Categories)
    assert found.legend.entries[0] == Category("v24", 25)
    assert len(found.legend.entries) == 20
    assert (found.legend.other, found.legend.missing) == (1 + 2 + 3 + 4 + 5, 4)
    assert found.colours[-5] == 0
    assert found.colours[0] == OTHER
    assert (found.colours[-4:] == NO_VALUE).all()


@EXAMPLES
@given(documents=st.lists(st.dictionaries(st.just("a"), values, max_size=1), max_size=30))
def test_each_row_has_the_colour_of_its_first_value(
    record: SqlRecord, put: Put, draw: Draw, documents: list[dict[str, object]]
) -> None:
    put(documents)
    record.commit("shoes", removals(*range(len(documents), 40)))
    draw(range(len(documents)))
    sheet = Sheets(record, rest=lambda took_s: 0.0).newest("shoes")
    assert len(sheet) == len(documents)
    found = Colours(record).of(sheet, ("a",))
    if isinstance(found.legend, Scale):
        return
    firsts = []
    for document in documents:
        value = document.get("a")
        inner = value if isinstance(value, list) else [value]
        firsts.append(next((one for one in inner if isinstance(one, bool | int | str)), None))
    entries = [(type(one.value) is bool, one.value) for one in found.legend.entries]
    for first, colour in zip(firsts, found.colours.tolist(), strict=True):
        if first is None:
            assert colour == NO_VALUE
        else:
            assert entries[colour] == (type(first) is bool, first)
    assert sum(one.count for one in found.legend.entries) == sum(one is not None for one in firsts)


def test_numbers_have_a_scale_that_one_odd_one_does_not_stretch(
    colours: Colours, sheets: Sheets, put: Put, draw: Draw
) -> None:
    prices = [*range(1, 201), 10**9]
    put([*({"price": {"eur": price}} for price in prices), {"price": {"eur": "n/a"}}])
    draw(range(len(prices) + 1))
    found = colours.of(sheets.newest("shoes"), ("price", "eur"))
    assert found.legend == Scale(3, 199, 1)
    assert found.colours[[0, 2, 198, 200, 201]].tolist() == [0, 0, STEPS, STEPS, NO_VALUE]
    middle = found.colours[100] / STEPS * (199 - 3) + 3
    assert middle == pytest.approx(101, abs=1)


@pytest.mark.parametrize("numbers", [[5, 5, 5], [1e308, -1e308, 0], [2**70, 1, 5e-324]])
def test_scales_bear_any_numbers(
    colours: Colours, sheets: Sheets, put: Put, draw: Draw, numbers: list[float]
) -> None:
    put([{"a": number} for number in numbers])
    draw(range(3))
    found = colours.of(sheets.newest("shoes"), ("a",))
    assert isinstance(found.legend, Scale)
    assert (found.colours != NO_VALUE).all()


def test_dates_lists_and_truths_are_categories(
    colours: Colours, sheets: Sheets, put: Put, draw: Draw
) -> None:
    put([{"on": "2024-01-05", "sizes": [36, "37"], "sold": True}, {"sizes": ["37"], "sold": 1}])
    draw(range(2))
    sheet = sheets.newest("shoes")
    legends = {name: colours.of(sheet, (name,)).legend for name in ("on", "sizes", "sold", "none")}
    assert legends["on"] == Categories([Category("2024-01-05", 1)], 0, 1)
    assert legends["sizes"] == Categories([Category(36, 1), Category("37", 1)], 0, 0)
    assert legends["sold"] == Categories([Category(True, 1), Category(1, 1)], 0, 0)
    assert legends["none"] == Categories([], 0, 2)


def test_prose_and_large_documents_are_no_categories(
    colours: Colours, sheets: Sheets, put: Put, draw: Draw
) -> None:
    put([{"a": "x" * 201}, {"a": "short"}, {"a": "short", "b": "x" * MAX_DOCUMENT_CHARACTERS}])
    draw(range(3))
    found = colours.of(sheets.newest("shoes"), ("a",))
    assert found.legend == Categories([Category("short", 1)], 1, 1)
    assert found.colours.tolist() == [OTHER, 0, NO_VALUE]


def test_fields_are_told_with_their_kinds(record: SqlRecord, put: Put) -> None:
    put([{"price": {"eur": n * 1.5}, "brand": "a", "tags": ["x", "y"], "q.x": 1, '"': 2} for n in range(30)])
    assert Fields(record).of("shoes") == [
        Field("brand", "categorical", 1),
        Field("price.eur", "number", 30),
        Field("tags", "categorical", 1),
    ]


def test_fields_are_looked_at_again_only_after_a_change(record: SqlRecord, put: Put) -> None:
    fields = Fields(record, rest=lambda took_s: 0.0)
    put([{"a": 1}])
    first = fields.of("shoes")
    assert fields.of("shoes") is first
    put([{"a": 1, "b": 2}])
    assert [one.name for one in fields.of("shoes")] == ["a", "b"]


def test_metadata_that_means_harm_takes_a_bounded_time_and_place(record: SqlRecord, put: Put) -> None:
    deep: dict[str, object] = {}
    here = deep
    for _ in range(30):
        here["d"] = here = {}
    hostile = [{f"k{10_000 * n + m}": m for m in range(1_000)} | {"deep": deep} for n in range(100)]
    texts = [{"text": "x" * 10_000, "n": n} for n in range(1_500)]
    put([*hostile, *texts])
    started = time.monotonic()
    found = Fields(record).of("shoes")
    assert time.monotonic() - started < 5
    assert len(found) == MAX_FIELDS
    assert {"n", "text"} <= {one.name for one in found}
    assert next(one for one in found if one.name == "n").values == MAX_DISTINCT


def test_colours_come_with_the_rows_of_an_older_sheet(
    record: SqlRecord, colours: Colours, sheets: Sheets, put: Put, draw: Draw
) -> None:
    put([{"a": "x"}] * 3)
    draw(range(3))
    sheet = sheets.newest("shoes")
    put([{"a": "y"}])
    found = colours.of(sheet, ("a",))
    assert found.colours.tolist() == [NO_VALUE, 0, 0]
    assert colours.of(sheet, ("a",)) is found
    assert np.array_equal(found.colours, colours.of(sheets.at("shoes", sheet.version), ("a",)).colours)


def test_colours_and_legend_of_a_version_stay_though_many_fields_are_asked_for(
    record: SqlRecord, colours: Colours, sheets: Sheets, put: Put, draw: Draw
) -> None:
    put([{"a": "x"}] * 3)
    draw(range(3))
    sheet = sheets.newest("shoes")
    found = colours.of(sheet, ("a",))
    record.commit("shoes", removals(0))
    for number in range(40):
        colours.of(sheet, (f"f{number}",))
    assert colours.of(sheet, ("a",)) is found
