"""An address is enough to know who reads it."""

import pytest

from sightline.domain.errors import SourceError
from sightline.registry import source_class


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("t.CSV", "table"),
        ("t.tsv", "table"),
        ("t.jsonl", "table"),
        ("t.ndjson", "table"),
        ("t.parquet", "table"),
        ("a.tar", "tar"),
        ("a.tar.gz", "tar"),
        ("a.TGZ", "tar"),
    ],
)
def test_a_file_is_told_by_the_end_of_its_name(name, kind):
    assert source_class(f"/data/{name}").name == kind


def test_a_folder_is_a_folder_whatever_it_is_called(tmp_path):
    (tmp_path / "photos.csv").mkdir()
    assert source_class(str(tmp_path / "photos.csv")).name == "folder"


def test_an_address_that_nobody_reads_is_told_with_those_that_are():
    with pytest.raises(SourceError, match=r"give a folder, or a file in .*\.jsonl"):
        source_class("photos.zip")
