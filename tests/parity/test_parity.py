"""The four systems' models at their real size, random weights, against the library that defines each."""

import gc

import numpy as np
import pytest

import sightline
from sightline.models.synthesize import synthesize
from tests.parity.references import reference
from tests.reference import cosines

# (card, layers): None is the real depth; So400M keeps its real width at 4 layers, or it would not fit a test
MODELS = [
    ("clip-vit-b-32", None),
    ("fashion-siglip", None),
    ("dinov2-base", None),
    ("siglip-so400m-384", 4),
    ("siglip-b-16", 2),
    ("clip-vit-l-14", 2),
]
MIN_COSINE = {"f32": 0.9999, "bf16": 0.999}
PICTURES = 3


@pytest.fixture(params=MODELS, ids=[name for name, _ in MODELS], scope="module")
def folder(request, tmp_path_factory):
    name, layers = request.param
    path = tmp_path_factory.mktemp("parity") / name
    weights = synthesize(name, path, layers=layers).folder
    yield weights
    for file in path.iterdir():  # up to a gigabyte each
        file.unlink()


@pytest.fixture(scope="module")
def expected(folder):
    """What the reference makes of some pixels and ids; the model itself is let go."""
    rule = sightline.load(folder).card
    rng = np.random.default_rng(0)
    size = rule.image.size_px
    inputs = {"pixels": rng.standard_normal((PICTURES, 3, size, size), dtype=np.float32)}
    library = reference(folder)
    vectors = {"pixels": library.images(inputs["pixels"])}
    if rule.text is not None:
        inputs["ids"] = _ids(rule.text, rng)
        vectors["ids"] = library.texts(inputs["ids"])
    del library
    gc.collect()
    return inputs, vectors


@pytest.mark.parametrize(
    ("engine", "precision"), [("openvino", "f32"), ("onnx", "f32"), ("openvino", "bf16")]
)
def test_vectors_equal_the_reference(folder, expected, engine, precision):
    inputs, vectors = expected
    model = sightline.load(folder, engine=engine, precision=precision)
    worst = {"pixels": cosines(model.encode_pixels(inputs["pixels"]), vectors["pixels"]).min()}
    if "ids" in inputs:
        worst["ids"] = cosines(model.encode_tokens(inputs["ids"]), vectors["ids"]).min()
    print(f"{folder.name} {engine} {precision}: " + ", ".join(f"{k} {v:.7f}" for k, v in worst.items()))
    assert min(worst.values()) >= MIN_COSINE[precision]


def _ids(rule, rng):
    """Rows of different length that end with eos and are padded as the model was trained."""
    ids = np.full((3, rule.context_length), rule.pad_id, dtype=np.int64)
    for row, length in zip(ids, (3, 20, rule.context_length - 2), strict=True):
        row[:length] = rng.integers(5, 300, length)
        row[length] = rule.eos_id
    return ids
