"""Requests that go through whole collections share a few places, so that threads are left for the others."""

from contextlib import ExitStack
from types import SimpleNamespace
from typing import Any

import pytest

from sightline.domain.errors import OverloadedError
from sightline.web.library import MAX_LONG_WORKS, longer


def test_no_more_than_a_few_are_let_in_and_each_gives_its_place_back() -> None:
    state = SimpleNamespace(long_works=0)
    request: Any = SimpleNamespace(app=SimpleNamespace(state=SimpleNamespace(sightline=state)))
    with ExitStack() as stack:
        for _ in range(MAX_LONG_WORKS):
            stack.enter_context(longer(request))
        with pytest.raises(OverloadedError), longer(request):
            pass
    assert state.long_works == 0
    with pytest.raises(ZeroDivisionError), longer(request):
        raise ZeroDivisionError
    assert state.long_works == 0
