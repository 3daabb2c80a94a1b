"""Threads that take steps again and again until they are ended. Does not know what a step does."""

import logging
import threading
import time
from collections.abc import Callable

from sightline.domain.errors import RecordError
from sightline.services.collections.mishaps import RETRY_S

log = logging.getLogger(__name__)

Step = Callable[[], bool]  # whether there was something to do


class Rounds:
    """stopping: set once they are to end."""

    def __init__(self) -> None:
        self.stopping = threading.Event()
        self._news = threading.Condition()
        self._threads: list[threading.Thread] = []

    def add(self, name: str, step: Step, *, pause_s: float) -> None:
        """A thread of its own for a step. pause_s: after one that found nothing to do."""
        args = (step, pause_s)
        self._threads.append(threading.Thread(target=self._repeat, args=args, name=name, daemon=True))

    @property
    def is_at_work(self) -> bool:
        return not self.stopping.is_set() and any(thread.is_alive() for thread in self._threads)

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def tell(self) -> None:
        """There is something new to do."""
        with self._news:
            self._news.notify_all()

    def close(self, within_s: float) -> None:
        """End them; those that take longer are left to themselves."""
        self.stopping.set()
        self.tell()
        ends_at = time.monotonic() + within_s
        for thread in self._threads:
            if thread.is_alive():
                thread.join(max(0.0, ends_at - time.monotonic()))

    def _repeat(self, step: Step, pause_s: float) -> None:
        while not self.stopping.is_set():
            try:
                is_busy = step()
            except RecordError as error:
                log.warning("the record cannot be used now", extra={"fields": {"reason": error}})
                self.stopping.wait(RETRY_S)
            except Exception:  # a worker's outer loop
                log.exception("a step failed")
                self.stopping.wait(RETRY_S)
            else:
                if not is_busy:
                    with self._news:
                        self._news.wait(0 if self.stopping.is_set() else pause_s)
