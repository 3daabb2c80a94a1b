"""Reads the picture and sentence by which a model is checked. Does not know the model, or how it is checked.

canary.json lies beside the weights and names the picture; a bundled model's lock knows both files.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np

from sightline.domain.arrays import Float32
from sightline.domain.errors import BrokenFileError
from sightline.domain.records import Canary

CANARY = "canary.json"
PICTURE = "canary.png"
CANARY_FILES = (CANARY, PICTURE)
FORMAT = 1
UNIT = 1e-3  # how far from 1 the length of a vector of unit length may be


def read_canary(path: Path, *, dim: int) -> Canary:
    """The canary that a file describes. Raises BrokenFileError: none, or its vectors have another dim."""
    try:
        document = json.loads(path.read_bytes())
        if document["format"] != FORMAT:
            raise ValueError(f"its format is {document['format']!r}, and {FORMAT} is read")
        sentence = document.get("sentence")
        return Canary(
            picture=(path.parent / PICTURE).read_bytes(),
            picture_vector=_vector(document["picture_vector"], dim),
            sentence=sentence,
            sentence_vector=None if sentence is None else _vector(document["sentence_vector"], dim),
            made_by=str(document["made_by"]),
        )
    except (OSError, ValueError, TypeError, KeyError, RecursionError) as exc:
        raise BrokenFileError(f"{path} is no canary of format {FORMAT}; install Sightline anew") from exc


def _vector(values: Any, dim: int) -> Float32:
    vector = np.array(values, dtype=np.float32)
    is_unit = abs(float(np.linalg.norm(vector)) - 1) <= UNIT  # not so for NaN
    if vector.shape != (dim,) or not is_unit:
        raise ValueError(f"a vector has shape {vector.shape} or no unit length; {dim} values are needed")
    return vector
