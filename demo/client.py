"""The shop's collection over HTTP, by the standard library alone. Knows not what the pictures show."""

import base64
import json
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from demo.server import DemoError

TIMEOUT_S = 60.0
LOOK_S = 0.1

Found = Mapping[str, Any]


def ingest(url: str, collection: str, table: Path) -> Found:
    """Take a table in; the job once it is done. Raises DemoError: it failed."""
    source = {"source": str(table.resolve()), "name": "catalogue"}
    job: Found = _ask(f"{url}/v1/collections/{collection}/ingest", source)
    while job["state"] in ("planning", "running"):
        time.sleep(LOOK_S)
        job = _ask(f"{url}/v1/jobs/{job['id']}")
    if job["state"] != "done" or job["failed"]:
        raise DemoError(f"the catalogue was not taken in: {job['state']}, {job['message']}")
    while _ask(f"{url}/v1/collections/{collection}")["store"]["lag"]:
        time.sleep(LOOK_S)
    return job


def search(
    url: str, collection: str, *, words: str = "", png: bytes | None = None, **more: object
) -> list[Found]:
    """The hits for a sentence or a picture, the nearest first."""
    asked = {"text": words} if png is None else {"image": base64.b64encode(png).decode("ascii")}
    hits: list[Found] = _ask(f"{url}/v1/collections/{collection}/search", {**asked, **more})["hits"]
    return hits


def _ask(url: str, body: object = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})  # noqa: S310  # our own server
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:  # noqa: S310
            return json.load(answer)
    except urllib.error.HTTPError as error:
        raise DemoError(
            f"{url} answered {error.code}: {error.read(500).decode('utf-8', 'replace')}"
        ) from error
    except OSError as error:
        raise DemoError(f"{url} did not answer: {error}") from error
