"""The check at the start: each way in which a model can be wrong without failing is found, and told."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from sightline.domain.arrays import Float32, Int64
from sightline.domain.errors import CanaryError, InvalidRequestError
from sightline.domain.records import Canary, Graph, Precision
from sightline.engines.fake import FakeEngine, FakeProgram
from sightline.imaging.crops import CropRule
from sightline.imaging.limits import Limits
from sightline.services.canary import check
from sightline.services.model import Model
from tests.fakes import Batch, FakeGraphs, LetterTokenizer, Turnstile, fake_card, fake_model, png

Bend = Callable[[Batch, Float32], Float32]
PICTURE = png(3)
SENTENCE = "a mug"


class _BentProgram(FakeProgram):
    def __init__(self, dim: int, bend: Bend) -> None:
        super().__init__(dim)
        self._bend = bend

    def run(self, batch: Batch) -> Float32:
        return self._bend(batch, super().run(batch))


class BentEngine(FakeEngine):
    """A runtime that computes without an error and gives something else."""

    def __init__(self, bend: Bend, precision: Precision = "f32") -> None:
        super().__init__()
        self._bend = bend
        self.precision = precision

    def compile(self, graph: Graph) -> FakeProgram:
        return _BentProgram(graph.dim, self._bend)


def bent(bend: Bend, precision: Precision = "f32") -> Model:
    return fake_model(engine=BentEngine(bend, precision))


def is_text(batch: Batch) -> bool:
    return batch.ndim == 2


def canary() -> Canary:
    """What a fake model that is right gives."""
    model = fake_model()
    return Canary(
        picture=PICTURE,
        picture_vector=model.embed_images([PICTURE])[0],
        sentence=SENTENCE,
        sentence_vector=model.embed_texts([SENTENCE])[0],
        made_by="a fake model",
    )


def turned(vectors: Float32, cosine: float) -> Float32:
    """Unit vectors with this cosine to those given."""
    across = np.roll(vectors, 1, axis=1)
    across = across - (across * vectors).sum(1, keepdims=True) * vectors
    across /= np.linalg.norm(across, axis=1, keepdims=True)
    return (cosine * vectors + np.sqrt(1 - cosine**2) * across).astype(np.float32)


@pytest.mark.parametrize("model", [fake_model(), fake_model(with_text=False)], ids=["two towers", "no text"])
def test_a_model_that_is_right_passes(model: Model) -> None:
    check(model)
    check(model, canary())


def test_it_costs_at_most_four_forwards_per_tower_and_runs_both() -> None:
    seen = Turnstile()
    check(fake_model(hook=seen), canary())
    texts = [is_text(batch) for batch in seen.batches]
    assert 1 <= texts.count(True) <= 4
    assert 1 <= texts.count(False) <= 4


@pytest.mark.parametrize("tower", ["picture", "sentence"])
@pytest.mark.parametrize(("precision", "cosine"), [("f32", 0.9995), ("bf16", 0.998)])
def test_vectors_that_depend_on_the_batch_are_refused(
    tower: str, precision: Precision, cosine: float
) -> None:
    def bend(batch: Batch, vectors: Float32) -> Float32:
        is_meant = len(batch) > 1 and is_text(batch) == (tower == "sentence")
        return turned(vectors, cosine) if is_meant else vectors

    with pytest.raises(CanaryError, match=rf"{tower}'s vector in a batch has cosine {cosine}"):
        check(bent(bend, precision))


@pytest.mark.parametrize(("precision", "cosine"), [("f32", 0.99995), ("bf16", 0.9995)])
def test_what_a_precision_rounds_away_is_let_through(precision: Precision, cosine: float) -> None:
    stored = canary()
    check(bent(lambda batch, vectors: turned(vectors, cosine), precision), stored)
    check(bent(lambda batch, vectors: turned(vectors, cosine) if len(batch) > 1 else vectors, precision))


def test_only_the_last_of_a_batch_being_wrong_is_found() -> None:
    def bend(batch: Batch, vectors: Float32) -> Float32:
        if len(batch) > 1:
            vectors[-1] = vectors[0]
        return vectors

    with pytest.raises(CanaryError, match="in a batch"):
        check(bent(bend))


@pytest.mark.parametrize("tower", ["picture", "sentence"])
def test_a_tower_that_does_not_see_its_input_is_refused(tower: str) -> None:
    def bend(batch: Batch, vectors: Float32) -> Float32:
        return np.ones_like(vectors) if is_text(batch) == (tower == "sentence") else vectors

    with pytest.raises(CanaryError, match=f"two unlike {tower}s have vectors of cosine 1.0000"):
        check(bent(bend))


@pytest.mark.parametrize("tower", ["picture", "sentence"])
def test_a_tower_that_gives_no_numbers_is_refused(tower: str) -> None:
    def bend(batch: Batch, vectors: Float32) -> Float32:
        return vectors * np.nan if is_text(batch) == (tower == "sentence") else vectors

    with pytest.raises(CanaryError, match=f"{tower}'s vector is not finite"):
        check(bent(bend))


@pytest.mark.parametrize("tower", ["picture", "sentence"])
@pytest.mark.parametrize(("precision", "cosine"), [("f32", 0.9998), ("bf16", 0.998)])
def test_vectors_other_than_the_references_are_refused(
    tower: str, precision: Precision, cosine: float
) -> None:
    def bend(batch: Batch, vectors: Float32) -> Float32:
        return turned(vectors, cosine) if is_text(batch) == (tower == "sentence") else vectors

    check(bent(bend, precision))  # in itself it is consistent
    with pytest.raises(CanaryError, match=rf"stored {tower}'s vector has cosine {cosine}.*a fake model"):
        check(bent(bend, precision), canary())


def test_other_pixels_are_refused() -> None:
    """As by a decoder that takes blue for red."""
    stored = canary()
    with pytest.raises(CanaryError, match="stored picture"):
        check(fake_model(), replace(stored, picture=png(4)))


def test_limits_for_clients_do_not_bear_on_the_stored_picture() -> None:
    check(fake_model(limits=Limits(max_image_bytes=1)), canary())


def test_a_tokenizer_that_does_not_fit_the_model_is_refused() -> None:
    class Beyond(LetterTokenizer):
        def encode(self, texts: list[str]) -> Int64:
            raise InvalidRequestError("a text has a token of id 99, and the model's ids go to 9")

    model = Model(fake_card(), fingerprint="", engine=FakeEngine(), graphs=FakeGraphs(), tokenizer=Beyond())
    with pytest.raises(CanaryError, match=r"tokenizer does not fit.*id 99"):
        check(model)


def test_averaged_crops_do_not_enter_the_comparison() -> None:
    model = fake_model()
    model.crop_rule = CropRule()
    check(model, canary())


def test_the_refusal_says_what_runs_where_and_what_to_do() -> None:
    with pytest.raises(CanaryError) as caught:
        check(bent(lambda batch, vectors: np.ones_like(vectors), "bf16"))
    assert caught.value.code == "canary_failed"
    for part in ("fake", "cpu", "bf16", "precision f32", "another engine"):
        assert part in str(caught.value)
