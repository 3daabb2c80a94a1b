"""Pictures and sentences to vectors over HTTP, by the standard library alone. Knows not what they show."""

import base64
import json
import urllib.error
import urllib.request
import uuid
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from demo.server import DemoError

Float32 = NDArray[np.float32]

UPLOADS_AT_ONCE = 8
TIMEOUT_S = 60.0


def embed_uploads(url: str, pngs: Sequence[bytes]) -> Float32:
    """(N, dim): each picture as a form's file, several at once, as many users would."""
    with ThreadPoolExecutor(UPLOADS_AT_ONCE) as pool:
        vectors = list(pool.map(lambda png: _upload(url, png), pngs))
    return np.array(vectors, dtype=np.float32)


def embed_inline(url: str, pngs: Sequence[bytes]) -> Float32:
    """(N, dim): all pictures in one request, as base64, the way OpenAI's clients send things."""
    return _embed(url, [{"image": base64.b64encode(png).decode("ascii")} for png in pngs])


def embed_texts(url: str, texts: Sequence[str]) -> Float32:
    """(N, dim): all sentences in one request."""
    return _embed(url, list(texts))


def _upload(url: str, png: bytes) -> list[float]:
    boundary = uuid.uuid4().hex
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="picture.png"\r\n\r\n'
    body = head.encode() + png + f"\r\n--{boundary}--\r\n".encode()
    answer = _post(f"{url}/embed-image", body, f"multipart/form-data; boundary={boundary}")
    vector: list[float] = answer["embedding"]
    return vector


def _embed(url: str, items: Sequence[object]) -> Float32:
    body = json.dumps({"input": items, "encoding_format": "base64"}).encode()
    answer = _post(f"{url}/v1/embeddings", body, "application/json")
    vectors = [np.frombuffer(base64.b64decode(item["embedding"]), dtype="<f4") for item in answer["data"]]
    return np.stack(vectors)


def _post(url: str, body: bytes, kind: str) -> Any:
    request = urllib.request.Request(url, body, {"Content-Type": kind})  # noqa: S310  # our own server's address
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:  # noqa: S310
            return json.load(answer)
    except urllib.error.HTTPError as error:
        raise DemoError(
            f"{url} answered {error.code}: {error.read(500).decode('utf-8', 'replace')}"
        ) from error
    except OSError as error:
        raise DemoError(f"{url} did not answer: {error}") from error
