"""Sightline: pictures and text to vectors that can be trusted. Importing it loads nothing but names.

import sightline
model = sightline.load("mini")
model.embed_images(["shoe.jpg"]) @ model.embed_texts(["a red shoe"]).T
"""

from typing import TYPE_CHECKING, Any

from sightline import version

if TYPE_CHECKING:
    from sightline.library import EmbeddingService, load

__version__ = version.VERSION
__all__ = ["EmbeddingService", "__version__", "load"]


def __getattr__(name: str) -> Any:
    """Import the library on first use, so that `import sightline` and the command line's help stay quick."""
    if name in {"EmbeddingService", "load"}:
        from sightline import library

        return getattr(library, name)
    raise AttributeError(f"module 'sightline' has no attribute {name!r}")
