"""Models, and vectors of texts and pictures. Does not know collections."""

import base64
import binascii
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from sightline.client.answers import Model, of, read
from sightline.client.calls.pictures import Picture, listed, parts
from sightline.client.exchange import answered, json_of, unreadable
from sightline.client.steps import Steps, get, post
from sightline.domain.errors import InvalidRequestError

if TYPE_CHECKING:
    from sightline.domain.arrays import Float32

PART_TEXTS = 256


def models() -> Steps[list[Model]]:
    """What is served, the default first."""
    listing = json_of((yield from answered(get("/v1/models"))))
    return [read(Model, facts) for facts in of(listing, "data")]


def embed_texts(texts: Iterable[str], *, model: str | None = None) -> "Steps[Float32]":
    """(N, dim) float32 of unit length, in order; all or none."""
    if isinstance(texts, str):
        raise InvalidRequestError("one text was given; give a list of them")
    wanted = list(texts)
    chunks = [wanted[start : start + PART_TEXTS] for start in range(0, len(wanted), PART_TEXTS)]
    return (yield from _embedded(([{"text": text} for text in chunk] for chunk in chunks), model))


def embed_images(images: Iterable[Picture], *, model: str | None = None) -> "Steps[Float32]":
    """(N, dim) float32 of unit length, in order; all or none. Of paths, URLs, files' bytes, PIL pictures.

    URLs are read by the server, if it reads any.
    """
    chunks = ([{"image": text} for text in part] for part in parts(listed(images)))
    return (yield from _embedded(chunks, model))


def _embedded(chunks: Iterable[Sequence[object]], model: str | None) -> "Steps[Float32]":
    import numpy as np

    made: list[Float32] = []
    for chunk in chunks:
        content = {"input": chunk, "encoding_format": "base64"} | ({"model": model} if model else {})
        reply = yield from answered(post("/v1/embeddings", content, is_safe=True))
        data = of(json_of(reply), "data")
        if len(data) != len(chunk):
            raise unreadable(f"{len(data)} vectors for {len(chunk)} items")
        made += [_vector(of(one, "embedding")) for one in data]
    if made:
        return np.stack(made)
    served = yield from models()
    dim = next((one.dim for one in served if model in (None, one.id)), 0)
    return np.zeros((0, dim), dtype=np.float32)


def _vector(text: str) -> "Float32":
    import numpy as np

    try:
        return np.frombuffer(base64.b64decode(text, validate=True), dtype="<f4").astype(np.float32)
    except (TypeError, ValueError, binascii.Error) as error:
        raise unreadable("a vector that is not base64 of float32") from error
