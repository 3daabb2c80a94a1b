"""Names of exchangeable parts and where they live. Imports none of them until asked."""

from importlib import import_module
from typing import Any

from sightline.domain.errors import EngineUnavailableError, StoreNotInstalledError

# name -> module:class, and the extra that installs what it needs
ENGINES = {
    "openvino": ("sightline.engines.openvino:OpenVinoEngine", "openvino"),
    "onnx": ("sightline.engines.onnx:OnnxEngine", "onnx"),
    "fake": ("sightline.engines.fake:FakeEngine", ""),
}
# the same for stores
STORES = {
    "duckdb": ("sightline.stores.duckdb:DuckDbStore", ""),
    "memory": ("sightline.stores.memory:MemoryStore", ""),
    "pgvector": ("sightline.stores.pgvector:PgvectorStore", "postgres"),
    "qdrant": ("sightline.stores.qdrant:QdrantStore", "qdrant"),
}
PREFERRED = ("openvino", "onnx")  # what engine `auto` tries, in this order


def engine_class(name: str) -> Any:
    """The class of an engine by its name.

    Raises EngineUnavailableError: no such engine, or the package it drives is not installed.
    """
    if name not in ENGINES:
        raise EngineUnavailableError(f"engine {name!r} is not known; there are {', '.join(ENGINES)} and auto")
    try:
        return _part(ENGINES[name][0])
    except ImportError as exc:
        raise EngineUnavailableError(_not_installed("engine", name, ENGINES[name][1])) from exc


def store_class(name: str) -> Any:
    """The class of a store by its name.

    Raises StoreNotInstalledError: no such store, or the package it drives is not installed.
    """
    if name not in STORES:
        raise StoreNotInstalledError(f"store {name!r} is not known; there are {', '.join(STORES)}")
    try:
        return _part(STORES[name][0])
    except ImportError as exc:
        raise StoreNotInstalledError(_not_installed("store", name, STORES[name][1])) from exc


def _part(path: str) -> Any:
    module, _, attribute = path.partition(":")
    return getattr(import_module(module), attribute)


def _not_installed(part: str, name: str, extra: str) -> str:
    package = f"sightline[{extra}]" if extra else "sightline"
    return f"{part} {name!r} is not installed; run: pip install '{package}'"
