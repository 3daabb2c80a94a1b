"""One request until it has its answer: sent again where that helps, refused in words. Does not send it.

Nor does it know what the request is about.
"""

import json
import random
from collections.abc import Mapping
from typing import Any

from sightline.client.steps import Broken, Pause, Reply, Request, Steps
from sightline.domain.errors import ServerAwayError, ServerRefusedError

TRIES = 5
PATIENCE_S = 60.0  # of pauses in all
PAUSE_S = 0.5  # after the first try that came to nothing; twice as long after each further one
JITTER = 0.25  # of a pause: clients that were refused together do not come back together
LATER = (429, 503)
IN_VAIN = ("library_off", "store_not_installed")  # 503, and the same in a minute
UNREADABLE = "unreadable"


def answered(request: Request) -> Steps[Reply]:
    """The reply to a request that went well.

    429 and 503 are asked again, not before the time in Retry-After. Where no answer came, only what is safe
    to repeat is, and what was never sent.
    Raises ServerRefusedError: the server will not, and says why; ServerAwayError: it did not answer.
    """
    tries, left_s = 1, PATIENCE_S
    while True:
        outcome = yield request
        if not isinstance(outcome, Broken | Reply):
            raise TypeError(f"a request came to {outcome!r}")
        if isinstance(outcome, Reply) and outcome.status < 300:
            return outcome
        pause_s = PAUSE_S * 2 ** (tries - 1) * (1 + random.uniform(0, JITTER)) + _retry_after_s(outcome)
        if tries == TRIES or pause_s > left_s or not _helps_again(request, outcome):
            raise _error_of(outcome)
        yield Pause(pause_s)
        tries, left_s = tries + 1, left_s - pause_s


def refusal(status: int, headers: Mapping[str, str], body: bytes) -> ServerRefusedError:
    """What an answer that is an error says."""
    error = _error(body)
    return ServerRefusedError(
        str(error.get("message") or f"the server answered {status}"),
        code=str(error.get("code", "internal")),
        request_id=headers.get("x-request-id"),
    )


def away(broken: Broken) -> ServerAwayError:
    return ServerAwayError(f"{broken.url} did not answer: {broken.reason}")


def json_of(reply: Reply) -> Any:
    """Raises ServerRefusedError, code `unreadable`: it is no JSON."""
    try:
        return reply.json
    except ValueError as error:
        raise unreadable(f"no JSON: {reply.body[:80]!r}") from error


def unreadable(what: str) -> ServerRefusedError:
    return ServerRefusedError(
        f"the server's answer has {what}; is it a Sightline server, and not much older than this client?",
        code=UNREADABLE,
    )


def _error_of(outcome: Reply | Broken) -> ServerRefusedError | ServerAwayError:
    if isinstance(outcome, Reply):
        return refusal(outcome.status, outcome.headers, outcome.body)
    return away(outcome)


def _helps_again(request: Request, outcome: Reply | Broken) -> bool:
    if isinstance(outcome, Broken):
        return request.is_safe or outcome.is_unsent
    return outcome.status in LATER and _error(outcome.body).get("code") not in IN_VAIN


def _retry_after_s(outcome: Reply | Broken) -> float:
    """A date, which HTTP allows too, counts as nothing: no Sightline server sends one."""
    value = outcome.headers.get("retry-after", "") if isinstance(outcome, Reply) else ""
    return float(value) if value.isascii() and value.isdigit() else 0.0


def _error(body: bytes) -> Mapping[str, object]:
    try:
        error = json.loads(body)["error"]
    except (ValueError, KeyError, TypeError):
        return {}
    return error if isinstance(error, Mapping) else {}
