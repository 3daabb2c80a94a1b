"""Whether a loaded model gives the vectors it should, here and now. Does not know how models are loaded.

A runtime, a driver or a processor can be wrong without failing: every answer looks right and none is. Asked
once, before anything is served; after that the model is warm too.
"""

from collections.abc import Sequence

import numpy as np

from sightline.domain.arrays import Float32, Int64, UInt8
from sightline.domain.errors import CanaryError, InvalidRequestError, NonFiniteVectorError
from sightline.domain.records import Canary, Precision, Tower
from sightline.imaging.decode import decode
from sightline.imaging.preprocess import preprocess
from sightline.services.model import Model

Rows = UInt8 | Int64

SENTENCES = ("a red dress on a white wall", "two dogs run along the beach in the evening sun")
UNITS: dict[Tower, str] = {"vision": "picture", "text": "sentence"}

# The least cosine of vectors that should be the same. Measured: batches agree to 2e-7 in every engine, mini
# with its reference to 1e-6 in f32 and 2e-5 in bf16; a wrong activation in its vision tower is off by 1.4e-4.
SAME: dict[Precision, float] = {"f32": 0.9999, "bf16": 0.999}
# What that of unlike inputs must be below. Measured: at most 0.956, for random weights.
UNLIKE = 0.999


def check(model: Model, stored: Canary | None = None) -> None:
    """Compile and run both towers, at most four forwards each, and compare what comes out.

    For every model: unlike inputs have unlike vectors, and the same ones in a batch as alone. With `stored`,
    also that a picture and a sentence have the vectors that a reference implementation gave.

    Raises CanaryError: something differs. EngineError: the runtime cannot compile or run a tower.
    """
    squares = _squares(model.card.image.size_px)
    _check_tower(model, "vision", [squares[:1], squares[1:]], squares)
    if model.embeds_text:
        alone = [_ids(model, sentence) for sentence in SENTENCES]
        _check_tower(model, "text", alone, _ids(model, *SENTENCES))
    if stored is not None:
        _check_stored(model, stored)


def _squares(size_px: int) -> UInt8:
    """Two pictures, as unlike as can be: (2, size, size, 3), a ramp of colours and noise."""
    y, x = np.indices((size_px, size_px))
    ramp = np.stack([x, y, (x + y) // 2], axis=-1) * 255 // max(size_px - 1, 1)
    noise = np.random.default_rng(0).integers(0, 256, ramp.shape)
    return np.stack([ramp, noise]).astype(np.uint8)


def _check_tower(model: Model, tower: Tower, alone: Sequence[Rows], together: Rows) -> None:
    single = np.concatenate([_vectors(model, tower, rows) for rows in alone])  # (2, dim)
    batched = _vectors(model, tower, together)  # (2, dim)
    unit = UNITS[tower]
    same = min(_cosine(one, other) for one, other in zip(single, batched, strict=True))
    least = SAME[model.engine.precision]
    if same < least:
        raise _failed(
            model, f"a {unit}'s vector in a batch has cosine {same:.6f} to its vector alone, below {least}"
        )
    alike = _cosine(*single)
    if alike >= UNLIKE:
        raise _failed(
            model, f"two unlike {unit}s have vectors of cosine {alike:.6f}, and less than {UNLIKE} is needed"
        )


def _check_stored(model: Model, stored: Canary) -> None:
    """From a file's bytes to a vector, as for a request; without averaged crops, which no reference has."""
    square = preprocess(decode(stored.picture), model.card.image)
    _compare(model, "vision", square[np.newaxis], stored.picture_vector, made_by=stored.made_by)
    if stored.sentence is not None and stored.sentence_vector is not None and model.embeds_text:
        ids = _ids(model, stored.sentence)
        _compare(model, "text", ids, stored.sentence_vector, made_by=stored.made_by)


def _compare(model: Model, tower: Tower, rows: Rows, expected: Float32, *, made_by: str) -> None:
    near = _cosine(_vectors(model, tower, rows)[0], expected)
    least = SAME[model.engine.precision]
    if near < least:
        raise _failed(
            model,
            f"the stored {UNITS[tower]}'s vector has cosine {near:.6f} to the one that {made_by} gives, "
            f"below {least}",
        )


def _ids(model: Model, *sentences: str) -> Int64:
    try:
        return model.prepare_texts(sentences)
    except InvalidRequestError as error:  # plain English: the fault is not the sentence's
        raise _failed(model, f"its tokenizer does not fit it: {error}") from error


def _vectors(model: Model, tower: Tower, rows: Rows) -> Float32:
    try:
        return model.run(tower, rows)
    except NonFiniteVectorError as error:
        raise _failed(model, f"a {UNITS[tower]}'s vector is not finite") from error


def _cosine(one: Float32, other: Float32) -> float:
    return float(one @ other)


def _failed(model: Model, what: str) -> CanaryError:
    engine = model.engine
    return CanaryError(
        f"{model.card.name} gives wrong vectors with engine {engine.name} on {engine.device} in "
        f"{engine.precision}: {what}. Try precision f32, or another engine; if that does not help, its files "
        "are not what they should be: fetch them again"
    )
