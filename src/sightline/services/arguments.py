"""What callers of the library hand over, made sure of. Does not know what is computed from it.

A text is a sequence of texts to Python, and one runtime reads something for an id beyond its table: without
these checks both would give vectors that look right.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np

from sightline.domain.arrays import Float32, Int64
from sightline.domain.errors import InvalidRequestError
from sightline.imaging.decode import ImageSource


def pictures(images: Iterable[ImageSource]) -> list[ImageSource]:
    """Any collection of pictures, an array (N, H, W, 3) too. Raises InvalidRequestError: a single one."""
    return _items(images, "pictures")


def texts(strings: Iterable[str]) -> list[str]:
    """Any collection of texts. Raises InvalidRequestError: a single one, or an item that is no text."""
    items = _items(strings, "texts")
    for item in items:
        if not isinstance(item, str):
            raise InvalidRequestError(f"a text is {type(item).__name__}; give str")
    return items


def token_ids(ids: Int64, *, context_length: int, vocab: int | None) -> Int64:
    """(N, L) of any integer type -> int64. vocab: how many ids the tower has a row for, where that is known.

    Raises InvalidRequestError: another shape or type, L beyond the context, or an id without a row.
    """
    given = _array(ids, "ids", "whole numbers")
    if given.ndim != 2 or not 1 <= given.shape[1] <= context_length:
        raise InvalidRequestError(
            f"ids have shape {given.shape}; give (N, L) with L from 1 to {context_length}"
        )
    if given.dtype.kind not in "iu":
        raise InvalidRequestError(f"ids are {given.dtype}; give whole numbers, as a tokenizer makes them")
    beyond = vocab is not None and given.size and int(given.max()) >= vocab
    if beyond or (given.size and int(given.min()) < 0):
        most = "" if vocab is None else f" to {vocab - 1}"
        raise InvalidRequestError(
            f"ids go from {given.min()} to {given.max()}; the model has rows for 0{most}"
        )
    return given.astype(np.int64)


def pixels(values: Float32, *, least_px: int) -> Float32:
    """(N, 3, S, S) numbers, S at least `least_px` -> float32 in one piece. Raises InvalidRequestError."""
    given = _array(values, "pixels", "numbers")
    is_square = given.ndim == 4 and given.shape[1] == 3 and given.shape[2] == given.shape[3]
    if not is_square or given.shape[2] < least_px or given.dtype.kind not in "fiu":
        raise InvalidRequestError(
            f"pixels are {given.dtype} of shape {given.shape}; give float32 of (N, 3, S, S) "
            f"with S at least {least_px}"
        )
    return np.ascontiguousarray(given, dtype=np.float32)


def _items(given: Iterable[Any], unit: str) -> list[Any]:
    try:
        if not isinstance(given, str | bytes):
            return list(given)
    except TypeError:
        pass
    raise InvalidRequestError(
        f"{type(given).__name__} was given; give a list of {unit}, also for a single one"
    )


def _array(given: object, name: str, unit: str) -> "np.ndarray[Any, Any]":
    try:
        return np.asarray(given)
    except (ValueError, TypeError) as exc:  # rows of several lengths
        raise InvalidRequestError(f"{name} are no array; give {unit} in rows of one length") from exc
