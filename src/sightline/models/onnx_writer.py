"""Writes ONNX nodes and weights, one call each. Does not know any model.

Weights are not copied: an initializer names the file, offset and length of its slice (ONNX external data).
"""

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from sightline.domain.records import Graph, TensorSlice

OPSET = 20  # the first with Gelu
IR_VERSION = 10
DTYPES = {
    "F32": TensorProto.FLOAT,
    "F16": TensorProto.FLOAT16,
    "BF16": TensorProto.BFLOAT16,
}
Attribute = int | float | str | list[int]


class OnnxWriter:
    """Collects a graph. Every method that makes a value returns its name."""

    def __init__(self) -> None:
        self._nodes: list[onnx.NodeProto] = []
        self._initializers: list[onnx.TensorProto] = []
        self._weights: dict[str, TensorSlice] = {}
        self._constants: dict[tuple[str, tuple[int, ...], bytes], str] = {}
        self._casts: dict[str, str] = {}

    def node(self, op: str, *inputs: str, **attributes: Attribute) -> str:
        """Append one node with one output."""
        name = f"{op}_{len(self._nodes)}"
        self._nodes.append(helper.make_node(op, list(inputs), [name], name=name, **attributes))
        return name

    def constant(self, value: NDArray[np.generic]) -> str:
        """A small array kept inside the graph; equal ones are kept once."""
        value = np.asarray(value)
        key = (value.dtype.str, value.shape, value.tobytes())
        if key not in self._constants:
            name = f"constant_{len(self._constants)}"
            self._initializers.append(numpy_helper.from_array(value, name))
            self._constants[key] = name
        return self._constants[key]

    def floats(self, *values: float) -> str:
        """A float32 constant: a scalar for one value, else a vector."""
        return self.constant(np.array(values[0] if len(values) == 1 else values, dtype=np.float32))

    def ints(self, *values: int) -> str:
        """An int64 vector constant, as shapes and axes need it."""
        return self.constant(np.array(values, dtype=np.int64))

    def weight(self, tensor: TensorSlice) -> str:
        """A float32 value read from a checkpoint; half precisions are cast in the graph."""
        name = f"{tensor.path.name}@{tensor.offset}"
        if name not in self._weights:
            self._weights[name] = tensor
            self._initializers.append(_external(name, tensor))
        if tensor.dtype == "F32":
            return name
        if name not in self._casts:
            self._casts[name] = self.node("Cast", name, to=TensorProto.FLOAT)
        return self._casts[name]

    def finish(self, name: str, dim: int, source: onnx.ValueInfoProto, outputs: dict[str, str]) -> Graph:
        """The graph from `source` to `outputs` (output name -> value name); the first is (N, dim)."""
        for output, value in outputs.items():
            self._nodes.append(helper.make_node("Identity", [value], [output], name=output))
        results = [helper.make_tensor_value_info(output, TensorProto.FLOAT, None) for output in outputs]
        graph = helper.make_graph(self._nodes, name, [source], results, self._initializers)
        opsets = [helper.make_opsetid("", OPSET)]
        model = helper.make_model(
            graph, opset_imports=opsets, ir_version=IR_VERSION, producer_name="sightline"
        )
        return Graph(name=name, dim=dim, onnx=model.SerializeToString(), weights=self._weights)


def source(name: str, dtype: int, *shape: int | str) -> onnx.ValueInfoProto:
    """The graph's input; a string in `shape` names a dynamic axis."""
    return helper.make_tensor_value_info(name, dtype, list(shape))


def _external(name: str, tensor: TensorSlice) -> onnx.TensorProto:
    proto = TensorProto(name=name, data_type=DTYPES[tensor.dtype], dims=tensor.shape)
    proto.data_location = TensorProto.EXTERNAL
    # absolute: OpenVINO refuses a relative location that leaves the graph's folder
    facts = {"location": str(tensor.path), "offset": str(tensor.offset), "length": str(tensor.length)}
    for key, value in facts.items():
        proto.external_data.add(key=key, value=value)
    return proto
