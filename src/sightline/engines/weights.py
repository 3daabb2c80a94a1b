"""Maps tensor slices into memory, read-only and without a copy. Does not know what they are for."""

import numpy as np
from numpy.typing import NDArray

from sightline.domain.records import TensorSlice

STORAGE = {"F32": np.float32, "F16": np.float16, "BF16": np.uint16}  # numpy has no bfloat16


def map_weights(tensor: TensorSlice) -> NDArray[np.generic]:
    """The stored numbers; BF16 as uint16. Pages belong to the file, so they cost no memory of the process."""
    return np.memmap(tensor.path, STORAGE[tensor.dtype], "r", tensor.offset, tensor.shape)
