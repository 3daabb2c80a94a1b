"""A write or sync that fails costs nothing that was acknowledged. The long run is `make failing-writes`."""

from pathlib import Path

import pytest

from tests.crashes.failing_writes import ERRORS, fail_each, is_there


@pytest.mark.skipif(not is_there(), reason="strace is what lets a write fail")
@pytest.mark.parametrize("error", ERRORS)
def test_the_nth_write_may_fail(tmp_path: Path, error: str) -> None:
    fail_each(tmp_path, error, range(9, 10))
