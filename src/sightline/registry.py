"""Names of exchangeable parts and where they live. Imports none of them until asked."""

from importlib import import_module
from pathlib import Path
from typing import Any

from sightline.domain.errors import EngineUnavailableError, SourceError

# name -> module:class, and the extra that installs what it needs
ENGINES = {
    "openvino": ("sightline.engines.openvino:OpenVinoEngine", "openvino"),
    "onnx": ("sightline.engines.onnx:OnnxEngine", "onnx"),
    "fake": ("sightline.engines.fake:FakeEngine", ""),
}
# name -> module:class, and the ends of the file names that are read so; a folder is told by being one
SOURCES = {
    "folder": ("sightline.sources.folder:FolderSource", ()),
    "table": (
        "sightline.sources.table:TableSource",
        (".csv", ".tsv", ".jsonl", ".ndjson", ".parquet", ".pq"),
    ),
    "tar": ("sightline.sources.tar:TarSource", (".tar", ".tar.gz", ".tgz")),
}
PREFERRED = ("openvino", "onnx")  # what engine `auto` tries, in this order


def engine_class(name: str) -> Any:
    """The class of an engine by its name.

    Raises EngineUnavailableError: no such engine, or the package it drives is not installed.
    """
    if name not in ENGINES:
        raise EngineUnavailableError(f"engine {name!r} is not known; there are {', '.join(ENGINES)} and auto")
    path, extra = ENGINES[name]
    module, _, attribute = path.partition(":")
    try:
        return getattr(import_module(module), attribute)
    except ImportError as exc:
        raise EngineUnavailableError(
            f"engine {name!r} is not installed; run: pip install 'sightline[{extra}]'"
        ) from exc


def source_class(address: str) -> Any:
    """The class that reads an address; it takes the address and SourceOptions.

    Raises SourceError: it is neither a folder nor a file of a known kind.
    """
    name = address.lower()
    found = next((path for path, suffixes in SOURCES.values() if name.endswith(suffixes)), None)
    if Path(address).is_dir():  # whatever its name ends in
        found = SOURCES["folder"][0]
    if found is None:
        known = ", ".join(suffix for _, suffixes in SOURCES.values() for suffix in suffixes)
        raise SourceError(f"{address!r} is no source of pictures; give a folder, or a file in {known}")
    module, _, attribute = found.partition(":")
    return getattr(import_module(module), attribute)
