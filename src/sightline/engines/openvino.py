"""OpenVINO on a CPU: the default on x86-64. Knows no model."""

from functools import cache
from pathlib import Path
from typing import Literal

import numpy as np

from sightline.domain.arrays import Float32, Int64, UInt8
from sightline.domain.errors import EngineError, EngineUnavailableError
from sightline.domain.records import Cuda, Graph, Precision
from sightline.engines.failures import forward_error
from sightline.engines.silent_openvino import hint, op, ov, properties
from sightline.engines.weights import map_weights

CPU_FLAGS = Path("/proc/cpuinfo")
BF16_FLAGS = ("avx512_bf16", "amx_bf16")
ELEMENT_TYPES = {"F32": ov.Type.f32, "F16": ov.Type.f16, "BF16": ov.Type.bf16}


class OpenVinoEngine:
    """Implements domain.ports.Engine.

    precision auto is bf16 where the CPU multiplies it natively: twice as fast, cosine to f32 above 0.999.
    threads: None takes all cores.
    """

    name = "openvino"
    device = "cpu"
    is_real = True

    def __init__(
        self,
        precision: Precision | Literal["auto"] = "auto",
        device: str = "auto",
        threads: int | None = None,
        cuda: Cuda | None = None,  # noqa: ARG002  # every engine takes it; this one has none
    ) -> None:
        """Raises EngineUnavailableError: a device that is no CPU was asked for."""
        if device not in ("auto", "cpu"):
            raise EngineUnavailableError(
                f"engine 'openvino' computes on the CPU, device {device!r} was asked for; "
                "take device cpu, or engine onnx with onnxruntime-gpu installed"
            )
        self.precision: Precision = native_precision() if precision == "auto" else precision
        self._core = _core()
        self._config = {
            # one batch at a time with all threads; the throughput hint would give it half the cores
            hint.performance_mode(): hint.PerformanceMode.LATENCY,
            hint.inference_precision(): ov.Type.bf16 if self.precision == "bf16" else ov.Type.f32,
            properties.num_streams(): 1,
        }
        if threads is not None:
            self._config[properties.inference_num_threads()] = threads

    def compile(self, graph: Graph) -> "OpenVinoProgram":
        """Raises EngineError: OpenVINO cannot read or compile the graph."""
        try:
            model = self._core.read_model(graph.open_onnx)
            weights = _fill_in(model, graph)
            compiled = self._core.compile_model(model, "CPU", self._config)
        except RuntimeError as exc:
            raise EngineError(
                f"OpenVINO could not compile {graph.name}; its reason is in the log, or shown by --debug"
            ) from exc
        return OpenVinoProgram(graph.name, compiled, weights)


@cache
def _core() -> ov.Core:
    """The one runtime, for as long as the process lives.

    Its CPU plugin gives the thread that loads it a stack for signals, and takes the memory back when the last
    of core and models is gone, in whichever thread that happens: after that the first thread dies of its next
    signal, with SIGSEGV instead of KeyboardInterrupt.
    """
    return ov.Core()


def _fill_in(model: ov.Model, graph: Graph) -> list[ov.Tensor]:
    """Replace the inputs that stand for weights by constants over the mapped file.

    OpenVINO will not open the file itself: it refuses external data outside the working directory, and hub
    caches are full of symlinks. Returns what must stay alive with the compiled model: it points into the map.
    """
    alive = []
    stored = map_weights(graph.weights)
    for parameter in list(model.get_parameters()):
        tensor = graph.weights.get(parameter.get_friendly_name())
        if tensor is None:
            continue
        values = ov.Tensor(
            stored[parameter.get_friendly_name()], list(tensor.shape), ELEMENT_TYPES[tensor.dtype]
        )
        parameter.output(0).replace(op.Constant(values, shared_memory=True).output(0))
        model.remove_parameter(parameter)
        alive.append(values)
    return alive


class OpenVinoProgram:
    """Implements domain.ports.Program. Each call has a request of its own, so threads do not meet.

    Requests are kept: a new one allocates its activations anew, which costs 3 % of a batch of 32.
    """

    def __init__(self, name: str, compiled: ov.CompiledModel, weights: list[ov.Tensor]) -> None:
        self._name = name
        self._compiled = compiled
        self._weights = weights
        self._idle: list[ov.InferRequest] = []

    def run(self, batch: UInt8 | Int64 | Float32) -> Float32:
        """(N, ...) -> (N, dim) float32. Raises ForwardError, OutOfMemoryError."""
        return self.run_all(batch)[0]

    def run_all(self, batch: UInt8 | Int64 | Float32) -> list[Float32]:
        """Every output of the graph, vectors first."""
        request = self._request()
        # a shared tensor must be writeable and in one piece
        batch = np.require(batch, requirements=("C", "W"))
        try:
            outputs = request.infer([ov.Tensor(batch, shared_memory=True)])
        except (RuntimeError, MemoryError) as exc:
            raise forward_error(self._name, len(batch), exc) from exc
        copies = [outputs[index].copy() for index in range(len(outputs))]
        self._idle.append(request)  # not after a failure: what state that leaves it in is not told
        return copies

    def _request(self) -> ov.InferRequest:
        try:
            return self._idle.pop()  # atomic, unlike asking first whether there is one
        except IndexError:
            return self._compiled.create_infer_request()


def native_precision() -> Precision:
    """bf16 where the CPU has instructions for it, f32 elsewhere."""
    try:
        flags = CPU_FLAGS.read_text(encoding="ascii", errors="replace")
    except OSError:  # not Linux: assume nothing
        return "f32"
    return "bf16" if any(flag in flags for flag in BF16_FLAGS) else "f32"
