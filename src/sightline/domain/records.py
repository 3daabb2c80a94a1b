"""The values that floors hand to each other. Does not know who makes or takes them."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from sightline.domain.arrays import Float32

Precision = Literal["f32", "bf16"]
Tower = Literal["vision", "text"]


@dataclass(frozen=True)
class Cuda:
    """How CUDA is used, where it is. tf32: products of float32 may be rounded to ten bits of mantissa."""

    number: int = 0
    tf32: bool = False


@dataclass(frozen=True)
class TensorSlice:
    """Where one tensor lies: `length` bytes at `offset` of a file, little-endian, row-major."""

    path: Path
    offset: int
    length: int
    dtype: str  # as safetensors spells it: F32, F16, BF16, I64
    shape: tuple[int, ...]


@dataclass(frozen=True)
class Graph:
    """An ONNX model whose large weights are slices of checkpoint files.

    One input, dynamic in its first axis; the first output is (N, dim) float32 of unit length.
    `weights` maps a name to its slice. In `onnx` these are initializers whose data is external, by location,
    offset and length; in `open_onnx` they are further inputs, for a runtime that is handed the values.
    """

    name: str
    dim: int
    onnx: bytes
    open_onnx: bytes
    weights: Mapping[str, TensorSlice]


@dataclass(frozen=True, eq=False)
class Canary:
    """A picture and a sentence whose vectors a reference implementation has given, at float32.

    picture: a file's contents. picture_vector, sentence_vector: (dim,) of unit length; the sentence is None
    for a model without text. made_by: the implementation and its version.
    """

    picture: bytes
    picture_vector: Float32
    sentence: str | None
    sentence_vector: Float32 | None
    made_by: str
