"""Names to addresses, within a time. Does not know which addresses may be asked.

The system's resolver may keep a thread for half a minute, and no thread can be stopped. So each question has
a thread of its own, which is left alone when the time is over, and no more than a number of them are let be.
"""

import socket
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from ipaddress import ip_address
from typing import Any

from sightline.sources.addresses import Address, plain
from sightline.sources.urls import RefusedUrlError

Resolve = Callable[[str, float], Sequence[Address]]  # a name, and the seconds there are

BUDGET_S = 2.0
MAX_OPEN = 128  # questions without an answer: of stacks that are hardly used, some megabytes


class SystemResolver:
    """Asks what every other program of the machine asks: its hosts file, its DNS. ask: as getaddrinfo."""

    def __init__(
        self,
        budget_s: float = BUDGET_S,
        max_open: int = MAX_OPEN,
        *,
        ask: Callable[..., Sequence[Any]] = socket.getaddrinfo,
    ) -> None:
        self._ask = ask
        self._budget_s = budget_s
        self._open = threading.BoundedSemaphore(max_open)

    def __call__(self, host: str, within_s: float) -> Sequence[Address]:
        """Every address of a name, in the system's order. Raises RefusedUrlError: none, or not in time."""
        budget_s = min(within_s, self._budget_s)
        if not self._open.acquire(blocking=False):
            raise RefusedUrlError("too many names are being looked up; the DNS servers do not answer")
        answer: Future[Sequence[Address]] = Future()
        threading.Thread(target=self._answer, args=(host, answer), name="resolve", daemon=True).start()
        try:
            return answer.result(budget_s)
        except TimeoutError:
            raise RefusedUrlError(f"looking its host up took more than {budget_s:g} s") from None
        except (OSError, UnicodeError) as error:
            raise RefusedUrlError(f"its host cannot be looked up: {error}") from error

    def _answer(self, host: str, answer: Future[Sequence[Address]]) -> None:
        try:
            found = self._ask(host, None, type=socket.SOCK_STREAM)
            answer.set_result([plain(ip_address(entry[4][0])) for entry in found])
        except Exception as error:  # noqa: BLE001  # it is raised again where the answer is awaited
            answer.set_exception(error)
        finally:
            self._open.release()
