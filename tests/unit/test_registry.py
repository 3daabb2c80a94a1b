"""Names of exchangeable parts."""

import pytest

from sightline.domain.errors import StoreNotInstalledError
from sightline.registry import STORES, store_class


@pytest.mark.parametrize("name", STORES)
def test_store_is_found_by_its_name(name):
    assert store_class(name).name == name


def test_unknown_store_names_those_there_are():
    with pytest.raises(StoreNotInstalledError, match=r"'redis'.*duckdb"):
        store_class("redis")
