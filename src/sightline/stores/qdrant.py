"""Qdrant as a store: one collection of its own a collection of ours. Knows no model.

Collections that others made are left alone: each of ours holds a marker, and without it nothing is written.
"""

from typing import Self

import httpx
from qdrant_client import QdrantClient, models
from qdrant_client.http.exceptions import UnexpectedResponse

from sightline.domain.errors import CollectionExistsError, SettingsError
from sightline.domain.items import COLLECTION_NAME, checked_collection
from sightline.stores.qdrant_failures import in_our_words
from sightline.stores.qdrant_points import MARKER_ID, OURS, marker
from sightline.stores.qdrant_view import QdrantView

EXISTS = 409  # somebody was faster
CONNECT_S = 1.0  # a host that is gone answers no call; the store's timeout is for one that works


class QdrantStore:
    """Implements domain.ports.Store."""

    name = "qdrant"

    def __init__(self, client: QdrantClient) -> None:
        self._client = client

    @classmethod
    def at(cls, url: str, *, api_key: str | None = None, timeout_s: int = 30) -> Self:
        """The store behind an address; `:memory:` is one of its own, gone with the process.

        Connects when it is first asked. Raises SettingsError: the url cannot be read.
        """
        try:
            client = QdrantClient(
                url,
                api_key=api_key,
                timeout=timeout_s,
                check_compatibility=False,  # it would ask the server now
                event_hooks={"request": [_dial_briefly]},
            )
        except ValueError:
            raise SettingsError(f"qdrant_url={url!r} cannot be read; write it as http://host:6333") from None
        return cls(client)

    def open(self, collection: str, dim: int) -> QdrantView:
        """Raises CollectionExistsError: there is one of another dim, or one that is none of ours."""
        checked_collection(collection)
        with in_our_words():
            if not self._client.collection_exists(collection):
                self._create(collection, dim)
            if not self._is_ours(collection):
                self._take_if_new(collection, dim)
            held = self._dim(collection)
        if held != dim:
            raise CollectionExistsError(
                f"collection {collection} holds vectors of {held}, not of {dim}; drop it, or give the "
                "new one another name"
            )
        return QdrantView(self._client, collection)

    def drop(self, collection: str) -> None:
        """One that others made stays."""
        checked_collection(collection)
        with in_our_words():
            if self._client.collection_exists(collection) and self._is_ours(collection):
                self._client.delete_collection(collection)

    def collections(self) -> list[str]:
        with in_our_words():
            found = [described.name for described in self._client.get_collections().collections]
            return sorted(name for name in found if COLLECTION_NAME.fullmatch(name) and self._is_ours(name))

    def close(self) -> None:
        self._client.close()

    def _create(self, collection: str, dim: int) -> None:
        vectors = models.VectorParams(size=dim, distance=models.Distance.COSINE)
        try:
            self._client.create_collection(collection, vectors_config=vectors)
        except UnexpectedResponse as exc:
            if exc.status_code != EXISTS:
                raise

    def _take_if_new(self, collection: str, dim: int) -> None:
        """Mark a collection that was made just now, or by a server that was killed before it marked it."""
        is_empty = self._client.count(collection, exact=True).count == 0
        if not is_empty or self._dim(collection) != dim:
            raise CollectionExistsError(
                f"Qdrant has a collection {collection} that this store did not make, and leaves alone; give "
                "the new one another name"
            )
        self._client.upsert(collection, [marker(0)], wait=True)

    def _dim(self, collection: str) -> int | None:
        """The length of its vectors; None if they are several, or compared by anything but the cosine."""
        vectors = self._client.get_collection(collection).config.params.vectors
        if isinstance(vectors, models.VectorParams) and vectors.distance == models.Distance.COSINE:
            return vectors.size
        return None

    def _is_ours(self, collection: str) -> bool:
        found = self._client.retrieve(collection, [MARKER_ID])
        return bool(found) and OURS in (found[0].payload or {})


def _dial_briefly(request: httpx.Request) -> None:
    request.extensions["timeout"]["connect"] = CONNECT_S
