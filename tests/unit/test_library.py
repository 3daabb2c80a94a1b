"""sightline.load and what it hands out, over the small golden checkpoints."""

import asyncio
import json
import shutil

import numpy as np
import pytest
from PIL import Image

import sightline
from sightline.bootstrap import LoadOptions, load_options, make_engine
from sightline.domain.errors import (
    ChangedFileError,
    EngineUnavailableError,
    InvalidRequestError,
    NoTextTowerError,
    UnknownModelError,
)
from sightline.environment import read_settings
from sightline.imaging.crops import CropRule
from sightline.models.checkpoint import find, lock_folder
from sightline.models.hub import Hub
from tests.reference import GOLDEN, cosines, pixels, reference, weights_path

NOISE = np.random.default_rng(0).integers(0, 256, (300, 500, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def clip():
    return sightline.load(GOLDEN / "clip", precision="f32")


def test_local_folder_is_loaded_by_its_config(clip):
    vectors = clip.encode_pixels(pixels("pixels_a"))
    assert cosines(vectors, reference("clip").outputs["image_embeds"]).min() >= 0.99999
    assert (vectors.dtype, clip.dim) == (np.float32, 32)


def test_pixels_of_another_side_get_resampled_positions():
    model = sightline.load(GOLDEN / "dinov2", precision="f32")
    vectors = model.encode_pixels(pixels("pixels_518"))
    assert cosines(vectors, reference("dinov2").outputs["image_embeds_518"]).min() >= 0.99999


@pytest.mark.parametrize("shape", [(3, 224, 224), (1, 224, 224, 3), (1, 3, 224, 112), (1, 3, 8, 8)])
def test_pixels_of_a_wrong_shape_are_refused_with_the_shape(clip, shape):
    with pytest.raises(InvalidRequestError, match=str(shape[-1])):
        clip.encode_pixels(np.zeros(shape, dtype=np.float32))


def test_picture_may_be_bytes_a_path_an_array_or_a_pil_image(clip, tmp_path):
    path = tmp_path / "noise.png"
    Image.fromarray(NOISE).save(path)
    vectors = clip.embed_images([path, str(path), path.read_bytes(), NOISE, Image.fromarray(NOISE)])
    assert vectors.shape == (5, 32)
    assert cosines(vectors, vectors[:1]).min() >= 0.99999


def test_more_pictures_than_a_batch_keep_their_order(clip):
    shifted = [np.roll(NOISE, step * 5, axis=1) for step in range(70)]
    together = clip.embed_images(shifted)
    assert (
        cosines(together[[0, 40, 69]], clip.embed_images([shifted[i] for i in (0, 40, 69)])).min() >= 0.99999
    )
    assert cosines(together[:1], together[69:]).max() < 0.99999


def test_nothing_in_gives_nothing_out(clip):
    assert clip.embed_images([]).shape == (0, 32)
    assert clip.embed_texts([]).shape == (0, 32)


def test_single_picture_instead_of_a_list_is_refused(clip):
    with pytest.raises(InvalidRequestError, match="list"):
        clip.embed_images("noise.png")
    with pytest.raises(InvalidRequestError, match="list"):
        clip.embed_texts("a red dress")


def test_crops_are_averaged_and_make_another_space(clip):
    model = sightline.load(GOLDEN / "clip", precision="f32", tta=True)
    averaged, plain = model.embed_images([NOISE]), clip.embed_images([NOISE])
    assert abs(np.linalg.norm(averaged) - 1) < 1e-5
    assert cosines(averaged, plain).max() < 0.9999
    other = sightline.load(GOLDEN / "clip", precision="f32", tta=CropRule(scale_factors=(1.0,)))
    assert len({model.fingerprint, clip.fingerprint, other.fingerprint}) == 3


def test_precision_and_engine_do_not_make_another_space(clip):
    assert sightline.load(GOLDEN / "clip", engine="onnx").fingerprint == clip.fingerprint


def test_model_without_text_tower_says_so():
    model = sightline.load(GOLDEN / "dinov2")
    with pytest.raises(NoTextTowerError, match="dinov2"):
        model.embed_texts(["a red dress"])


def test_checkpoint_without_tokenizer_still_takes_ids(clip):
    ids = reference("clip").outputs["input_ids"]
    assert cosines(clip.encode_tokens(ids), reference("clip").outputs["text_embeds"]).min() >= 0.99999
    assert not clip.embeds_text
    with pytest.raises(NoTextTowerError, match=r"tokenizer\.json"):
        clip.embed_texts(["a red dress"])


def test_missing_tokenizer_is_told_when_the_model_is_loaded(caplog):
    sightline.load(GOLDEN / "clip")
    record = next(record for record in caplog.records if record.message == "texts are refused")
    assert "tokenizer.json" in str(record.fields["reason"])


def test_byte_flipped_in_a_locked_folder_is_never_loaded(tmp_path):
    folder = tmp_path / "clip"
    shutil.copytree(GOLDEN / "clip", folder)
    lock_folder(find(str(folder), Hub()))
    sightline.load(folder)
    data = bytearray(weights_path("clip").read_bytes())
    data[-1000] ^= 1
    (folder / "model.safetensors").write_bytes(data)
    with pytest.raises(ChangedFileError, match=r"model\.safetensors"):
        sightline.load(folder)


def test_config_that_was_changed_in_a_locked_folder_is_refused(tmp_path):
    folder = tmp_path / "clip"
    shutil.copytree(GOLDEN / "clip", folder)
    lock_folder(find(str(folder), Hub()))
    config = json.loads((folder / "config.json").read_text())
    config["vision_config"]["hidden_act"] = "gelu"
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(ChangedFileError, match=r"config\.json"):
        sightline.load(folder)


def test_unknown_name_suggests_the_nearest():
    with pytest.raises(UnknownModelError, match="clip-vit-b-32"):
        sightline.load("clip-vit-b32")


@pytest.mark.parametrize(
    ("engine", "options"),
    [
        ("tensorrt", {}),
        ("openvino", {"device": "cuda"}),
        ("onnx", {"precision": "bf16"}),
        ("openvino", {"precision": "fp16"}),
        ("onnx", {"precision": "int8"}),
        ("onnx", {"device": "gpu"}),
        ("openvino", {"threads": 0}),
        ("onnx", {"threads": -1}),
    ],
)
def test_engine_that_cannot_do_what_is_asked_says_what_to_do(engine, options):
    with pytest.raises(EngineUnavailableError):
        sightline.load(GOLDEN / "clip", engine=engine, **options)


def test_engine_auto_is_one_that_is_installed():
    assert make_engine(LoadOptions()).name in {"openvino", "onnx"}


def test_service_refuses_before_its_model_is_loaded():
    with pytest.raises(RuntimeError, match="load_model"):
        asyncio.run(sightline.EmbeddingService(model=str(GOLDEN / "clip")).get_embedding(NOISE))


def test_service_gives_what_the_model_gives(clip):
    service = sightline.EmbeddingService(model=clip, max_concurrent=2)
    service.load_model()
    try:
        assert service.is_loaded
        vectors = asyncio.run(service.get_embeddings_batch([NOISE, NOISE[::-1].copy()]))
        assert cosines(np.float32(vectors), clip.embed_images([NOISE, NOISE[::-1].copy()])).min() >= 0.99999
    finally:
        service.close()


@pytest.mark.parametrize("tta", ["yes", 5, {"five_crops": True}])
def test_averaging_by_no_rule_is_refused(tta):
    with pytest.raises(InvalidRequestError, match="CropRule"):
        sightline.load(GOLDEN / "clip", tta=tta)


def test_engine_auto_is_one_that_has_the_device_that_is_asked_for():
    """OpenVINO goes first and has no CUDA: what is missing must be told by the engine that could have it."""
    with pytest.raises(EngineUnavailableError, match="onnxruntime-gpu"):
        make_engine(LoadOptions(engine="auto", device="cuda"))
    assert load_options(read_settings({"REQUIRE_CUDA": "true"})).device == "cuda"
