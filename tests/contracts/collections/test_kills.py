"""A library outlives its process, whenever that ends. The long loop is `make crashes`."""

from pathlib import Path

import pytest

from tests.crashes.siege import siege


@pytest.mark.parametrize("kind", ["duckdb", "postgres"])
def test_kills_at_random_moments_lose_and_double_nothing(tmp_path: Path, kind: str) -> None:
    toll = siege(tmp_path, kind, kills=3, pictures=400, longest_s=1.0)
    assert toll.kills.total() == 3
    assert toll.acknowledged
