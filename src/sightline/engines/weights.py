"""Maps tensor slices into memory, read-only and without a copy. Does not know what they are for."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from sightline.domain.records import TensorSlice

STORAGE = {"F32": np.float32, "F16": np.float16, "BF16": np.uint16}  # numpy has no bfloat16


def map_weights(tensors: Mapping[str, TensorSlice]) -> dict[str, NDArray[np.generic]]:
    """The stored numbers of each; BF16 as uint16. Pages belong to the file and cost the process no memory.

    A file is mapped once for all: each map holds a file open, and a large model has nine hundred tensors.
    """
    files = {path: np.memmap(path, np.uint8, "r") for path in {tensor.path for tensor in tensors.values()}}
    return {name: _slice(files[tensor.path], tensor) for name, tensor in tensors.items()}


def _slice(file: NDArray[np.uint8], tensor: TensorSlice) -> NDArray[np.generic]:
    stored = file[tensor.offset : tensor.offset + tensor.length]
    return stored.view(STORAGE[tensor.dtype]).reshape(tensor.shape)
