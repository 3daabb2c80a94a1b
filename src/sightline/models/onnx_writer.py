"""Writes ONNX nodes and weights, one call each. Does not know any model.

Weights are not copied: an initializer names the file, offset and length of its slice (ONNX external data).
Field numbers: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sightline.domain.records import Graph, TensorSlice
from sightline.models.protobuf import Field, each, message

OPSET = 20  # the first with Gelu
IR_VERSION = 10
FLOAT, UINT8, INT32, INT64, FLOAT16, BFLOAT16 = 1, 2, 6, 7, 10, 16  # TensorProto.DataType
EXTERNAL = 1  # TensorProto.DataLocation
STORED = {"F32": FLOAT, "F16": FLOAT16, "BF16": BFLOAT16}
INLINE = {np.dtype(np.float32): FLOAT, np.dtype(np.int64): INT64}
Attribute = int | float | str | list[int]


@dataclass(frozen=True)
class Tensor:
    """An input or an output of a graph; a string in `shape` names a dynamic axis."""

    name: str
    element_type: int
    shape: tuple[int | str, ...]


class OnnxWriter:
    """Collects a graph. Every method that makes a value returns its name."""

    def __init__(self) -> None:
        self._nodes: list[bytes] = []
        self._constants: dict[tuple[str, tuple[int, ...], bytes], tuple[str, bytes]] = {}
        self._weights: dict[str, TensorSlice] = {}
        self._casts: dict[str, str] = {}

    def node(self, op: str, *inputs: str, **attributes: Attribute) -> str:
        """Append one node with one output."""
        name = f"{op}_{len(self._nodes)}"
        self._append(op, inputs, name, attributes)
        return name

    def constant(self, value: NDArray[np.generic]) -> str:
        """A small float32 or int64 array kept inside the graph; equal ones are kept once."""
        value = np.asarray(value)
        key = (value.dtype.str, value.shape, value.tobytes())
        if key not in self._constants:
            name = f"constant_{len(self._constants)}"
            self._constants[key] = name, _inline(name, value)
        return self._constants[key][0]

    def floats(self, *values: float) -> str:
        """A float32 constant: a scalar for one value, else a vector."""
        return self.constant(np.array(values[0] if len(values) == 1 else values, dtype=np.float32))

    def ints(self, *values: int) -> str:
        """An int64 vector constant, as shapes and axes need it."""
        return self.constant(np.array(values, dtype=np.int64))

    def weight(self, tensor: TensorSlice) -> str:
        """A float32 value read from a checkpoint; half precisions are cast in the graph."""
        name = f"{tensor.path.name}@{tensor.offset}"
        self._weights[name] = tensor
        if tensor.dtype == "F32":
            return name
        if name not in self._casts:
            self._casts[name] = self.node("Cast", name, to=FLOAT)
        return self._casts[name]

    def finish(self, name: str, dim: int, source: Tensor, outputs: dict[str, str]) -> Graph:
        """The graph from `source` to `outputs` (output name -> value name).

        The first output is (N, dim), any other a stage (N, T, D).
        """
        results: list[Tensor] = []
        for output, value in outputs.items():
            self._append("Identity", (value,), output, {})
            results.append(Tensor(output, FLOAT, ("N", "T", "D") if results else ("N", dim)))
        weights = self._weights.items()
        external = [_external(weight, tensor) for weight, tensor in weights]
        as_inputs = [Tensor(weight, STORED[tensor.dtype], tensor.shape) for weight, tensor in weights]
        return Graph(
            name=name,
            dim=dim,
            onnx=self._model(name, [source], external, results),
            open_onnx=self._model(name, [source, *as_inputs], [], results),
            weights=self._weights,
        )

    def _append(
        self, op: str, inputs: tuple[str, ...], output: str, attributes: dict[str, Attribute]
    ) -> None:
        parts = [_attribute(key, value) for key, value in attributes.items()]
        fields = [*each(1, inputs), (2, output), (3, output), (4, op), *each(5, parts)]
        self._nodes.append(message(*fields))

    def _model(self, name: str, inputs: list[Tensor], external: list[bytes], outputs: list[Tensor]) -> bytes:
        initializers = [tensor for _, tensor in self._constants.values()] + external
        graph = message(
            *each(1, self._nodes),
            (2, name),
            *each(5, initializers),
            *each(11, map(_value_info, inputs)),
            *each(12, map(_value_info, outputs)),
        )
        opset = message((1, ""), (2, OPSET))
        return message((1, IR_VERSION), (2, "sightline"), (7, graph), (8, opset))


def _attribute(name: str, value: Attribute) -> bytes:
    kinds: dict[type, tuple[int, int]] = {float: (2, 1), int: (3, 2), str: (4, 3), list: (8, 7)}
    number, kind = kinds[type(value)]
    values: list[Field] = each(number, value) if isinstance(value, list) else [(number, value)]
    return message((1, name), *values, (20, kind))


def _inline(name: str, value: NDArray[np.generic]) -> bytes:
    little_endian = value.astype(value.dtype.newbyteorder("<")).tobytes()
    return message(*each(1, value.shape), (2, INLINE[value.dtype]), (8, name), (9, little_endian))


def _external(name: str, tensor: TensorSlice) -> bytes:
    facts = {"location": str(tensor.path), "offset": str(tensor.offset), "length": str(tensor.length)}
    entries = [message((1, key), (2, value)) for key, value in facts.items()]
    return message(
        *each(1, tensor.shape), (2, STORED[tensor.dtype]), (8, name), *each(13, entries), (14, EXTERNAL)
    )


def _value_info(tensor: Tensor) -> bytes:
    axes = [message((2 if isinstance(axis, str) else 1, axis)) for axis in tensor.shape]
    kind = message((1, tensor.element_type), (2, message(*each(1, axes))))
    return message((1, tensor.name), (2, message((1, kind))))
