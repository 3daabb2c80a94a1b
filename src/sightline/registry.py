"""Names of exchangeable parts and where they live. Imports none of them until asked."""

from importlib import import_module
from typing import Any

from sightline.domain.errors import EngineUnavailableError

# name -> module:class, and the extra that installs what it needs
ENGINES = {
    "openvino": ("sightline.engines.openvino:OpenVinoEngine", "openvino"),
    "onnx": ("sightline.engines.onnx:OnnxEngine", "onnx"),
    "fake": ("sightline.engines.fake:FakeEngine", ""),
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
