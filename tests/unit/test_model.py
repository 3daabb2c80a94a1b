"""What a model takes and refuses, before anything reaches an engine."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import sightline
from sightline.domain.errors import InvalidRequestError
from sightline.services.embedding import EmbeddingService
from sightline.services.model import Model
from tests.fakes import CONTEXT, DIM, fake_model
from tests.reference import GOLDEN, reference

PICTURES = np.random.default_rng(0).integers(0, 256, (3, 40, 40, 3), dtype=np.uint8)
VOCAB = 1000


@pytest.fixture(params=["openvino", "onnx"])
def clip(request: pytest.FixtureRequest) -> Model:
    return sightline.load(GOLDEN / "clip", engine=request.param, precision="f32")


@pytest.mark.parametrize(
    ("ids", "words"),
    [
        pytest.param(np.zeros(7, np.int64), r"shape \(7,\)", id="one row without its axis"),
        pytest.param(np.zeros((1, 78), np.int64), "77", id="longer than the context"),
        pytest.param(np.zeros((1, 0), np.int64), "77", id="no ids at all"),
        pytest.param(np.full((1, 8), VOCAB), "999", id="beyond the vocabulary"),
        pytest.param(np.full((1, 8), -1), "999", id="negative"),
        pytest.param(np.full((1, 8), 1.7), "float64", id="no whole numbers"),
        pytest.param([["a", "b"]], "<U1", id="words"),
        pytest.param([[1, 2], [3]], "whole numbers", id="rows of two lengths"),
    ],
)
def test_ids_that_the_model_has_no_rows_for_are_refused(clip: Model, ids: object, words: str) -> None:
    """OpenVINO reads something for an id beyond the table, and the vector looks right."""
    with pytest.raises(InvalidRequestError, match=words):
        clip.encode_tokens(ids)  # type: ignore[arg-type]


def test_ids_may_be_of_any_integer_type(clip: Model) -> None:
    ids = reference("clip").outputs["input_ids"]
    assert np.array_equal(clip.encode_tokens(ids.astype(np.uint16)), clip.encode_tokens(ids))


def test_batches_of_nothing_give_no_vectors(clip: Model) -> None:
    assert clip.encode_tokens(np.zeros((0, 8), np.int64)).shape == (0, 32)
    assert clip.encode_pixels(np.zeros((0, 3, 224, 224), np.float32)).shape == (0, 32)


@pytest.mark.parametrize("pixels", ["noise.png", [["a"]], None])
def test_pixels_that_are_no_numbers_are_refused(clip: Model, pixels: object) -> None:
    with pytest.raises(InvalidRequestError, match="pixels"):
        clip.encode_pixels(pixels)  # type: ignore[arg-type]


def test_pictures_may_come_in_any_collection() -> None:
    model, one_by_one = fake_model(), list(PICTURES)
    expected = model.embed_images(one_by_one)

    def generated() -> Iterator[np.ndarray]:
        yield from one_by_one

    for collection in (tuple(one_by_one), PICTURES, generated()):
        assert np.array_equal(model.embed_images(collection), expected)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "single",
    ["a.png", b"bytes", Path("a.png"), Image.new("RGB", (8, 8)), None, 3],
    ids=lambda x: type(x).__name__,
)
def test_what_is_no_collection_of_pictures_is_refused(single: object) -> None:
    with pytest.raises(InvalidRequestError, match="list of pictures"):
        fake_model().embed_images(single)  # type: ignore[arg-type]
    with pytest.raises(InvalidRequestError, match="list of pictures"):
        asyncio.run(_service().get_embeddings_batch(single))  # type: ignore[arg-type]


@pytest.mark.parametrize("single", ["a red dress", b"bytes", None, 3])
def test_what_is_no_collection_of_texts_is_refused(single: object) -> None:
    """A text is a sequence of texts to Python: one vector per letter, and no error."""
    with pytest.raises(InvalidRequestError, match="list of texts"):
        fake_model().embed_texts(single)  # type: ignore[arg-type]
    with pytest.raises(InvalidRequestError, match="list of texts"):
        asyncio.run(_service().embed_texts(single))  # type: ignore[arg-type]


@pytest.mark.parametrize("text", [None, 3, b"bytes"])
def test_a_text_that_is_none_is_refused_with_its_type(text: object) -> None:
    with pytest.raises(InvalidRequestError, match=type(text).__name__):
        fake_model().embed_texts(["a", text])  # type: ignore[list-item]


def test_texts_may_be_an_array_of_strings() -> None:
    assert fake_model().embed_texts(np.array(["a", "b"])).shape == (2, DIM)  # type: ignore[arg-type]


def test_a_service_takes_an_array_of_pictures() -> None:
    vectors = asyncio.run(_service().get_embeddings_batch(PICTURES))  # type: ignore[arg-type]
    assert np.array_equal(np.float32(vectors), fake_model().embed_images(list(PICTURES)))


def test_the_longest_text_is_as_long_as_the_context() -> None:
    assert fake_model().encode_tokens(np.zeros((2, CONTEXT), np.int64)).shape == (2, DIM)


def _service() -> EmbeddingService:
    service = EmbeddingService(fake_model())
    service.load_model()
    return service
