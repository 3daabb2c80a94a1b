"""ONNX Runtime: the default where OpenVINO has no build, its check elsewhere. Knows no model."""

from typing import Literal

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from sightline.domain.arrays import Float32, Int64, UInt8
from sightline.domain.errors import EngineError, EngineUnavailableError
from sightline.domain.records import Cuda, Graph, Precision, TensorSlice
from sightline.engines.failures import forward_error
from sightline.engines.weights import map_weights

ELEMENT_TYPES = {"F32": 1, "F16": 10, "BF16": 16}  # onnx.TensorProto.DataType
CPU, CUDA = "CPUExecutionProvider", "CUDAExecutionProvider"
QUIET = 3  # errors only: warnings about graph clean-up help nobody


class OnnxEngine:
    """Implements domain.ports.Engine, in float32, on CUDA where the installed build has it, else on the CPU.

    threads: None takes all cores.
    """

    name = "onnx"
    is_real = True
    precision: Precision = "f32"

    def __init__(
        self,
        precision: Precision | Literal["auto"] = "auto",
        device: str = "auto",
        threads: int | None = None,
        cuda: Cuda | None = None,
    ) -> None:
        """Raises EngineUnavailableError: the precision or the device is not to be had."""
        if precision == "bf16":
            raise EngineUnavailableError(
                "engine 'onnx' computes in f32 on a CPU, bf16 was asked for; take f32 or engine 'openvino'"
            )
        has_cuda = CUDA in ort.get_available_providers()
        if device == "cuda" and not has_cuda:
            raise EngineUnavailableError(
                "device 'cuda' was asked for and the installed onnxruntime has none; run: "
                "pip uninstall onnxruntime && pip install onnxruntime-gpu"
            )
        self.device = "cuda" if has_cuda and device != "cpu" else "cpu"
        self._threads = threads or 0
        self._cuda = cuda or Cuda()

    def compile(self, graph: Graph) -> "OnnxProgram":
        """Raises EngineError: ONNX Runtime cannot read or compile the graph."""
        options = ort.SessionOptions()
        options.log_severity_level = QUIET
        options.intra_op_num_threads = self._threads
        # by value, not by location: the runtime refuses files outside the graph's folder
        stored = map_weights(graph.weights)
        values = {name: _value(stored[name], tensor) for name, tensor in graph.weights.items()}
        options.add_external_initializers(list(values), list(values.values()))
        try:
            session = ort.InferenceSession(graph.onnx, options, providers=self._providers())
        except Exception as exc:
            raise EngineError(
                f"ONNX Runtime could not compile {graph.name}; its reason is in the log, or shown by --debug"
            ) from exc
        if self.device == "cuda" and CUDA not in session.get_providers():  # it would go on, on the CPU
            raise EngineError(
                f"ONNX Runtime could not use CUDA for {graph.name}; the log has its reason, often a CUDA or "
                "cuDNN of another version. Mend that, or take device cpu"
            )
        return OnnxProgram(graph.name, session)

    def _providers(self) -> list[str | tuple[str, dict[str, str]]]:
        """What a graph may run on, the best first."""
        if self.device != "cuda":
            return [CPU]
        return [(CUDA, {"device_id": str(self._cuda.number), "use_tf32": str(int(self._cuda.tf32))}), CPU]


def _value(stored: NDArray[np.generic], tensor: TensorSlice) -> ort.OrtValue:
    return ort.OrtValue.ortvalue_from_numpy_with_onnx_type(stored, ELEMENT_TYPES[tensor.dtype])


class OnnxProgram:
    """Implements domain.ports.Program."""

    def __init__(self, name: str, session: ort.InferenceSession) -> None:
        self._name = name
        self._session = session
        self._input = session.get_inputs()[0].name

    def run(self, batch: UInt8 | Int64 | Float32) -> Float32:
        """(N, ...) -> (N, dim) float32. Raises ForwardError, OutOfMemoryError."""
        return self.run_all(batch)[0]

    def run_all(self, batch: UInt8 | Int64 | Float32) -> list[Float32]:
        """Every output of the graph, vectors first."""
        try:
            return list(self._session.run(None, {self._input: batch}))
        except Exception as exc:
            raise forward_error(self._name, len(batch), exc) from exc
