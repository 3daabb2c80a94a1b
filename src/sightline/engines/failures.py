"""What a runtime says when a forward fails, in our words. Knows no runtime's API.

Runtimes have no error of their own for memory that ran out: only their text tells.
"""

from sightline.domain.errors import EngineError, ForwardError, OutOfMemoryError

# what OpenVINO, ONNX Runtime, CUDA, cuDNN and the C++ library are known to say
NO_MEMORY = (
    "out of memory", "bad_alloc", "alloc_failed",
    "failed to allocate", "cannot allocate", "not enough memory",
)  # fmt: skip


def forward_error(name: str, rows: int, error: BaseException) -> EngineError:
    """The error to raise for a forward of the graph `name` over so many rows."""
    told = str(error).lower()
    if isinstance(error, MemoryError) or any(words in told for words in NO_MEMORY):
        return OutOfMemoryError(f"memory ran out in {name} on a batch of {rows}; try again")
    return ForwardError(f"the forward pass of {name} failed on a batch of {rows}")
