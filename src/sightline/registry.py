"""Names of exchangeable parts and where they live. Imports none of them until asked."""

from importlib import import_module
from pathlib import Path
from typing import Any

from sightline.domain.errors import (
    EngineUnavailableError,
    InvalidRequestError,
    SourceError,
    StoreNotInstalledError,
)

# name -> module:class, and the extra that installs what it needs
ENGINES = {
    "openvino": ("sightline.engines.openvino:OpenVinoEngine", "openvino"),
    "onnx": ("sightline.engines.onnx:OnnxEngine", "onnx"),
    "fake": ("sightline.engines.fake:FakeEngine", ""),
}
PREFERRED = ("openvino", "onnx")  # what engine `auto` tries, in this order
# the same for stores
STORES = {
    "duckdb": ("sightline.stores.duckdb:DuckDbStore", ""),
    "memory": ("sightline.stores.memory:MemoryStore", ""),
    "pgvector": ("sightline.stores.pgvector:PgvectorStore", "postgres"),
    "qdrant": ("sightline.stores.qdrant:QdrantStore", "qdrant"),
}
# name -> module:class, and the ends of the file names that are read so; a folder is told by being one
SOURCES = {
    "folder": ("sightline.sources.folder:FolderSource", ()),
    "table": (
        "sightline.sources.table:TableSource",
        (".csv", ".tsv", ".jsonl", ".ndjson", ".parquet", ".pq"),
    ),
    "remote": ("sightline.sources.remote:RemoteSource", ()),  # told by the scheme of its address
    "tar": ("sightline.sources.tar:TarSource", (".tar", ".tar.gz", ".tgz")),
}
# name -> module:value of the formats that tables are exported in
FORMATS = {
    "csv": "sightline.exports.text:CSV",
    "duckdb": "sightline.exports.tables:DUCKDB",
    "ids": "sightline.exports.text:IDS",
    "jsonl": "sightline.exports.text:JSONL",
    "npy": "sightline.exports.arrays:NPY",
    "npz": "sightline.exports.arrays:NPZ",
    "parquet": "sightline.exports.tables:PARQUET",
}


def engine_class(name: str) -> Any:
    """The class of an engine by its name.

    Raises EngineUnavailableError: no such engine, or the package it runs on is not installed.
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


def source_class(address: str) -> Any:
    """The class that reads an address; it takes the address and SourceOptions.

    Raises SourceError: it is neither a folder nor a file of a known kind.
    """
    name = address.lower()
    found = next((path for path, suffixes in SOURCES.values() if name.endswith(suffixes)), None)
    if "://" in address:
        found = SOURCES["remote"][0]
    elif Path(address).is_dir():  # whatever its name ends in
        found = SOURCES["folder"][0]
    if found is None:
        known = ", ".join(suffix for _, suffixes in SOURCES.values() for suffix in suffixes)
        raise SourceError(f"{address!r} is no source of pictures; give a folder, or a file in {known}")
    return _part(found)


def export_format(name: str) -> Any:
    """A format by its name; see Format in domain/exports.

    Raises InvalidRequestError: no such format.
    """
    if name not in FORMATS:
        raise InvalidRequestError(f"format {name!r} is not known; there are {', '.join(FORMATS)}")
    return _part(FORMATS[name])


def coordinates_reader() -> Any:
    """What reads places from a file's bytes; see sources/coordinates."""
    return _part("sightline.sources.coordinates:read_coordinates")


def _part(path: str) -> Any:
    module, _, attribute = path.partition(":")
    return getattr(import_module(module), attribute)


def _not_installed(part: str, name: str, extra: str) -> str:
    package = f"sightline[{extra}]" if extra else "sightline"
    return f"{part} {name!r} is not installed; run: pip install '{package}'"
