"""Sightline: pictures and text to vectors that can be trusted. Importing it loads nothing but names.

import sightline
model = sightline.load("mini")
model.embed_images(["shoe.jpg"]) @ model.embed_texts(["a red shoe"]).T
sightline.Client("http://127.0.0.1:8000").search("shop", text="a red shoe")
"""

from typing import TYPE_CHECKING, Any

from sightline import version

if TYPE_CHECKING:
    from sightline.client.asynchronous import AsyncClient
    from sightline.client.sync import Client
    from sightline.python import EmbeddingService, load

__version__ = version.VERSION
__all__ = ["AsyncClient", "Client", "EmbeddingService", "__version__", "load"]


def __getattr__(name: str) -> Any:
    """Import what it takes on first use: `import sightline` and the command line's help stay quick."""
    if name in {"EmbeddingService", "load"}:
        from sightline import python

        return getattr(python, name)
    if name == "Client":
        from sightline.client.sync import Client

        return Client
    if name == "AsyncClient":
        from sightline.client.asynchronous import AsyncClient

        return AsyncClient
    raise AttributeError(f"module 'sightline' has no attribute {name!r}")
