"""What goes wrong with Qdrant, in our words. Knows no collection."""

from collections.abc import Iterator
from contextlib import contextmanager

import httpx
from qdrant_client.http.exceptions import ResponseHandlingException, UnexpectedResponse

from sightline.domain.errors import StoreBrokenError, StoreError, StoreUnavailableError

AWAY = "Qdrant does not answer; what was stored stays, try again when it is back"
GONE = "Qdrant has lost this collection; open it again and replay the record"
KEY = "Qdrant refuses the key; set qdrant_api_key to one that may read and write"

STATUSES: dict[int, tuple[type[StoreError], str]] = {
    401: (StoreUnavailableError, KEY),
    403: (StoreUnavailableError, KEY),
    404: (StoreBrokenError, GONE),
    408: (StoreUnavailableError, AWAY),
    413: (StoreError, "Qdrant refuses a request of this size; raise its max_request_size_mb to 32 or more"),
    429: (StoreUnavailableError, "Qdrant asks for fewer requests; try again later"),
    507: (StoreUnavailableError, "Qdrant has no space left; free some and try again"),
}
UNKNOWN = "Qdrant refused what it was asked; its reason is in the log"


@contextmanager
def in_our_words() -> Iterator[None]:
    """Raises StoreUnavailableError, StoreBrokenError or another StoreError for whatever the client raises."""
    try:
        yield
    except UnexpectedResponse as exc:
        status = exc.status_code or 500
        ours, message = STATUSES.get(
            status, (StoreUnavailableError, AWAY) if status >= 500 else (StoreError, UNKNOWN)
        )
        raise ours(message) from exc
    except (ResponseHandlingException, httpx.HTTPError, OSError) as exc:
        raise StoreUnavailableError(AWAY) from exc
