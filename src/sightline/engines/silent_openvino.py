"""Imports OpenVINO without its telemetry. Does not use it.

Importing openvino reports the import to its makers and writes to the home folder; where the telemetry module
cannot be imported it does neither. Sightline calls nobody.
"""

import sys

sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]

import openvino as ov  # noqa: E402
from openvino import op, properties  # noqa: E402
from openvino.properties import hint  # noqa: E402

__all__ = ["hint", "op", "ov", "properties"]
