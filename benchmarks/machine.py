"""The machine's matrix-product peak in bf16. Does not know models."""

from collections.abc import Callable

import numpy as np
import torch

from sightline.engines.silent_openvino import hint, ov

ROWS, WIDTH, MLP = 1600, 768, 3072  # the products of a ViT-B/32 batch of 32
CHAIN = 4


def peaks() -> dict[str, tuple[Callable[[], object], float]]:
    """Contenders for the bf16 peak, each with the GFLOP of one call: OpenVINO's product and torch's."""
    work = 2 * ROWS * WIDTH * MLP * 2 * CHAIN / 1e9
    square = 2048
    a = torch.randn(square, square, dtype=torch.bfloat16)
    return {
        "peak openvino": (_openvino_chain(), work),
        "peak torch": (lambda: a @ a, 2 * square**3 / 1e9),
    }


def _openvino_chain() -> Callable[[], object]:
    rng = np.random.default_rng(0)
    ops = ov.opset13
    source = ops.parameter([ROWS, WIDTH], np.float32)
    x = source
    for _ in range(CHAIN):
        for shape in ((WIDTH, MLP), (MLP, WIDTH)):
            weight = rng.standard_normal(shape, dtype=np.float32) * 0.02
            x = ops.matmul(x, ops.constant(weight), False, False)
    config = {hint.inference_precision(): ov.Type.bf16, hint.performance_mode(): hint.PerformanceMode.LATENCY}
    request = ov.Core().compile_model(ov.Model([x], [source]), "CPU", config).create_infer_request()
    rows = rng.standard_normal((ROWS, WIDTH), dtype=np.float32)
    return lambda: request.infer([rows])
