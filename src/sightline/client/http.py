"""Steps as httpx has them: requests made of them, replies read. Does not send, and knows no route."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

import httpx

from sightline.client.steps import Broken, Reply, Request, in_json
from sightline.domain.errors import SettingsError
from sightline.version import VERSION

UNSENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)  # there was no connection
TIMEOUT_S = 30.0  # as long as a server takes for one request by default


def settings(url: str, api_key: str | None, timeout_s: float) -> dict[str, Any]:
    """What a client of httpx is made with. Raises SettingsError: the url is no server's."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise SettingsError(f"{url[:200]!r} is no server's address; give one like http://127.0.0.1:8000")
    headers = {"user-agent": f"sightline/{VERSION}"}
    if api_key is not None:
        headers["authorization"] = f"Bearer {api_key}"
    return {"base_url": url, "headers": headers, "timeout": httpx.Timeout(timeout_s)}


def arguments(request: Request, timeout_s: float) -> dict[str, Any]:
    """Of httpx' request. What is long may take long to begin its answer; to connect, nothing may."""
    body = None if request.content is None else in_json(request.content).encode("ascii")
    timeout = httpx.Timeout(None, connect=timeout_s) if request.is_long else httpx.Timeout(timeout_s)
    return {
        "method": request.method,
        "url": request.path,
        "params": dict(request.query) or None,
        "headers": dict(request.headers) | ({} if body is None else {"content-type": "application/json"}),
        "content": body,
        "timeout": timeout,
    }


def reply(answer: httpx.Response, body: bytes) -> Reply:
    return Reply(answer.status_code, answer.headers, body, str(answer.url))


def broken(url: str, error: httpx.TransportError) -> Broken:
    return Broken(url, str(error) or type(error).__name__, isinstance(error, UNSENT))


@contextmanager
def replaced(path: Path) -> Iterator[IO[bytes]]:
    """A file to write, which takes the place of `path` once the block has ended well."""
    new = path.with_name(f"{path.name}.{os.urandom(4).hex()}.part")
    try:
        with new.open("wb") as file:
            yield file
        new.replace(path)
    finally:
        with suppress(OSError):
            new.unlink()
