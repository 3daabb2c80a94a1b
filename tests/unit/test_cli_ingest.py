import pytest
import typer

from sightline.cli.library.ingest.run import types_of
from sightline.cli.library.outcome import failure_line
from sightline.cli.library.scan import lines_of
from sightline.domain.wording import counted

COUNTS = dict.fromkeys(("found", "added", "changed", "moved", "unchanged", "removed", "kept"), 0)


def test_a_columns_type_stands_behind_its_last_colon():
    assert types_of(["price:number", "a:b:text"]) == {"price": "number", "a:b": "text"}


@pytest.mark.parametrize("given", ["price", ":number", "price:money", "price:"])
def test_a_column_without_a_type_that_there_is_is_refused(given):
    with pytest.raises(typer.BadParameter, match="COLUMN:TYPE"):
        types_of([given])


def test_a_scan_is_told_by_what_it_found_left_out_and_remarked():
    scan = {**COUNTS, "found": 7, "added": 2, "unchanged": 5, "kept": 1}
    scan |= {"left_out": {"links": 3, "files of other kinds": 1}, "remarks": ["a remark"]}
    assert list(lines_of(scan)) == [
        "scan: 7 pictures: 2 added, 5 unchanged",
        "left out: 3 links, 1 files of other kinds",
        "a remark",
        "1 that the source does not show any more are kept",
    ]
    assert list(lines_of(None)) == []


def test_an_empty_scan_says_what_is_looked_for():
    told = list(lines_of({**COUNTS, "left_out": {"files of other kinds": 4}, "remarks": []}))
    assert told[:2] == ["scan: 0 pictures", "left out: 4 files of other kinds"]
    assert told[2].startswith("no picture was found there")


def test_a_failure_without_an_address_is_named_by_its_id():
    gone = {"id": "mug-7", "uri": "", "code": "entry_gone", "message": "it is gone"}
    assert failure_line(gone) == "mug-7: entry_gone: it is gone"
    assert failure_line({**gone, "uri": "/a.png"}) == "/a.png: entry_gone: it is gone"


def test_one_of_a_thing_is_not_called_many():
    assert [counted(count, "item") for count in (0, 1, 2)] == ["0 items", "1 item", "2 items"]
    assert next(lines_of({**COUNTS, "found": 1, "left_out": {}, "remarks": []})) == "scan: 1 picture"
