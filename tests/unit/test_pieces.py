"""Answers sent while they are made: who leaves ends the making, and what fails is broken off."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from sightline.domain.errors import UnknownCollectionError
from sightline.web.pieces import SENT_BYTES, BrokenOffError, in_pieces
from sightline.web.threads import Threads

PATIENCE_S = 10


class Making:
    """Pieces without end, until `piece` raises; knows whether the making was ended."""

    def __init__(self, piece: Callable[[], bytes]) -> None:
        self._piece = piece
        self.is_ended = threading.Event()

    def __iter__(self) -> Iterator[bytes]:
        try:
            while True:
                yield self._piece()
        finally:
            self.is_ended.set()


def sent(making: Making, count: int, *, drains_after: int | None = None) -> list[bytes]:
    """As many pieces as a client takes before it leaves."""

    async def take() -> list[bytes]:
        state = SimpleNamespace(long_works=0, is_draining=False, threads=Threads())
        request: Any = SimpleNamespace(app=SimpleNamespace(state=SimpleNamespace(sightline=state)))
        taken = []
        pieces = in_pieces(request, iter(making))
        try:
            async for piece in pieces:
                taken.append(piece)
                state.is_draining = len(taken) == drains_after
                if len(taken) == count:
                    break
        finally:
            await pieces.aclose()  # type: ignore[attr-defined]
            assert state.long_works == 0
        return taken

    return asyncio.run(take())


def test_who_leaves_ends_the_making() -> None:
    making = Making(lambda: b"piece")
    assert sent(making, 3) == [b"piece"] * 3
    assert making.is_ended.wait(PATIENCE_S)


def test_the_servers_end_breaks_it_off_even_within_a_piece() -> None:
    making = Making(lambda: bytes(10 * SENT_BYTES))
    with pytest.raises(BrokenOffError, match="shutting down"):
        sent(making, 100, drains_after=2)
    assert making.is_ended.wait(PATIENCE_S)


@pytest.mark.parametrize("error", [UnknownCollectionError("it is gone"), OSError("it is gone")])
def test_what_fails_is_broken_off_and_says_why(error: Exception) -> None:
    made = iter([b"piece"])

    def piece() -> bytes:
        if (one := next(made, None)) is None:
            raise error
        return one

    making = Making(piece)
    with pytest.raises(BrokenOffError, match="it is gone"):
        sent(making, 100)
    assert making.is_ended.wait(PATIENCE_S)
