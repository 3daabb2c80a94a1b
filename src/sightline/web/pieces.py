"""Answers that are sent piece by piece while they are made. Does not know what is in them.

An answer that has begun cannot become an error any more. One that cannot go on is broken off together with
its connection, so that no client takes for whole what is not.
"""

import threading
from collections.abc import AsyncIterator, Iterator

from fastapi import Request
from starlette.types import Scope

from sightline.domain.errors import SightlineError
from sightline.web.library import longer
from sightline.web.state import state_of

SENT_BYTES = 1 << 18  # at once: that the server ends is seen between two
BREAK_OFF = "sightline.break_off"  # the extension of ASGI by which what stands below the application does it


class BrokenOffError(Exception):
    """The rest of an answer cannot be sent; says why, for the log."""


def is_broken_off(scope: Scope) -> bool:
    """Close the connection in a way that nobody takes for an end, if what stands below can."""
    extension = scope.get("extensions", {}).get(BREAK_OFF)
    if extension is not None:
        extension["call"]()
    return extension is not None


async def in_pieces(request: Request, made: Iterator[bytes]) -> AsyncIterator[bytes]:
    """What is made, each piece in a thread. Whoever leaves early ends the making; so does the server's end.

    Raises OverloadedError: before the first piece; BrokenOffError.
    """
    state, making = state_of(request), threading.Lock()

    def next_piece() -> bytes | None:
        with making:
            return next(made, None)

    def end() -> None:
        with making:  # a piece may still be under way
            if (close := getattr(made, "close", None)) is not None:
                close()

    try:
        with longer(request):
            while (piece := await state.threads.call("pieces", next_piece)) is not None:
                for start in range(0, len(piece), SENT_BYTES):
                    if state.is_draining:
                        raise BrokenOffError("the server is shutting down")
                    yield piece[start : start + SENT_BYTES]
    except (SightlineError, OSError) as error:
        raise BrokenOffError(str(error)) from error
    finally:
        state.threads.begin(end)
