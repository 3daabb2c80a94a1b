"""What becomes of a job with which something goes wrong: it waits or fails, alone. Knows no kind of job."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from sightline.domain.catalogue import Ledger
from sightline.domain.errors import (
    JobStateError,
    LeaseLostError,
    NotReadyError,
    RecordError,
    SightlineError,
    StorageFullError,
    UnknownCollectionError,
    UnknownJobError,
)
from sightline.domain.items import UNSTORABLE

log = logging.getLogger(__name__)

STORAGE_FULL = "storage_full"
RETRY_S = 2.0
DELETED = (UnknownJobError, UnknownCollectionError)  # a job goes with its collection


class Mishaps:
    """Safe to use from several threads. stopping: set while the workers are being ended."""

    def __init__(self, ledger: Ledger, stopping: threading.Event) -> None:
        self._ledger = ledger
        self._stopping = stopping

    @contextmanager
    def alone(self, job_id: int) -> Iterator[None]:
        """What goes wrong in the block concerns this job; the others go on.

        Raises RecordError: it concerns them all; and what came while the workers were being ended.
        """
        try:
            yield
        except JobStateError:
            pass  # paused or ended meanwhile
        except LeaseLostError as error:
            log.warning("a shard was lost", extra={"fields": {"job": job_id, "reason": error}})
        except StorageFullError as error:
            self._wait_for_room(job_id, error)
        except NotReadyError:
            self._stopping.wait(RETRY_S)
        except DELETED:
            log.info("a job's collection was deleted", extra={"fields": {"job": job_id}})
        except Exception as error:
            if isinstance(error, RecordError) or self._stopping.is_set():
                raise
            self._fail(job_id, error)

    def waiting_for_room(self) -> list[int]:
        """The jobs that a full disk holds up."""
        return [job.id for job in self._ledger.unfinished() if job.reason == STORAGE_FULL]

    def _wait_for_room(self, job_id: int, error: StorageFullError) -> None:
        log.warning("job paused: the disk is full", extra={"fields": {"job": job_id}})
        with suppress(JobStateError, UnknownJobError):
            self._ledger.pause(job_id, reason=STORAGE_FULL, message=str(error))

    def _fail(self, job_id: int, error: Exception) -> None:
        """It cannot go on as a whole; what is settled stays."""
        is_known = isinstance(error, SightlineError)
        code = error.code if isinstance(error, SightlineError) else "internal"
        message = str(error) if is_known else _unforeseen(error)
        facts = {"job": job_id, "reason": error}
        log.warning("job failed", extra={"fields": facts}, exc_info=None if is_known else error)
        storable = UNSTORABLE.sub("\N{REPLACEMENT CHARACTER}", message)  # it may quote the name of a file
        with suppress(JobStateError, UnknownJobError):
            self._ledger.fail(job_id, reason=code, message=storable)


def _unforeseen(error: Exception) -> str:
    return f"{type(error).__name__} was not foreseen; see the server's log, mend its cause, resume the job"
