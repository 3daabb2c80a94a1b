"""The graphs give what transformers and open_clip give, stage by stage, in every engine."""

from dataclasses import replace

import numpy as np
import pytest

from sightline.engines.onnx import OnnxEngine
from sightline.engines.openvino import OpenVinoEngine
from tests.reference import FOLDERS, WITH_TEXT, cosines, pixels, reference

ENGINES = {
    "openvino-f32": (lambda: OpenVinoEngine("f32"), 0.99999),
    "openvino-bf16": (lambda: OpenVinoEngine("bf16"), 0.999),
    "onnx-f32": (OnnxEngine, 0.99999),
}
EXACT = ("openvino-f32", "onnx-f32")
HIDDEN_TOLERANCE = 1e-4


@pytest.fixture(params=ENGINES)
def engine(request):
    make, min_cosine = ENGINES[request.param]
    return make(), min_cosine


@pytest.mark.parametrize("folder", FOLDERS)
def test_picture_vectors_equal_the_reference(folder, engine):
    golden = reference(folder)
    vectors = engine[0].compile(golden.graphs().of_pixels()).run(golden.pixels)
    assert cosines(vectors, golden.outputs["image_embeds"]).min() >= engine[1]


@pytest.mark.parametrize("folder", WITH_TEXT)
def test_text_vectors_equal_the_reference(folder, engine):
    golden = reference(folder)
    vectors = engine[0].compile(golden.graphs().of_texts()).run(golden.outputs["input_ids"])
    assert cosines(vectors, golden.outputs["text_embeds"]).min() >= engine[1]


@pytest.mark.parametrize("name", EXACT)
@pytest.mark.parametrize("folder", FOLDERS)
def test_picture_tokens_of_the_last_layer_equal_the_reference(folder, name):
    golden = reference(folder)
    program = ENGINES[name][0]().compile(golden.graphs(with_hidden=True).of_pixels())
    hidden = program.run_all(golden.pixels)[1]
    stage = "vision_tokens" if folder == "siglip_open_clip" else "vision_last_hidden_state"
    assert np.abs(hidden - golden.outputs[stage]).max() <= HIDDEN_TOLERANCE


@pytest.mark.parametrize("name", EXACT)
@pytest.mark.parametrize("folder", ["clip", "clip_gelu", "siglip"])
def test_text_tokens_of_the_last_layer_equal_the_reference(folder, name):
    golden = reference(folder)
    program = ENGINES[name][0]().compile(golden.graphs(with_hidden=True).of_texts())
    hidden = program.run_all(golden.outputs["input_ids"])[1]
    assert np.abs(hidden - golden.outputs["text_last_hidden_state"]).max() <= HIDDEN_TOLERANCE


def test_positions_made_for_518_px_serve_518_px_as_they_are(engine):
    golden = reference("dinov2")
    card = replace(golden.card, image=replace(golden.card.image, size_px=518, resize_px=518))
    graph = replace(golden.graphs(), card=card).of_pixels()
    vectors = engine[0].compile(graph).run(pixels("pixels_518"))
    assert cosines(vectors, golden.outputs["image_embeds_518"]).min() >= engine[1]


@pytest.mark.parametrize("folder", FOLDERS)
def test_bytes_in_are_scaled_and_normalised_by_the_graph(folder, engine):
    """The uint8 input must give what the float input gives for pixels normalised by hand."""
    golden = reference(folder)
    rule = golden.card.image
    images = np.random.default_rng(0).integers(0, 256, (2, rule.size_px, rule.size_px, 3), dtype=np.uint8)
    by_hand = (images / np.float32(255) - np.float32(rule.mean)) / np.float32(rule.std)
    by_hand = np.ascontiguousarray(by_hand.transpose(0, 3, 1, 2), dtype=np.float32)
    by_graph = engine[0].compile(golden.graphs().of_images()).run(images)
    assert cosines(by_graph, engine[0].compile(golden.graphs().of_pixels()).run(by_hand)).min() >= engine[1]


@pytest.mark.parametrize("folder", ["clip", "clip_gelu"])
def test_padding_after_the_first_eos_changes_nothing(folder):
    """A causal tower never sees it: short texts may be padded to the longest of their batch only."""
    golden = reference(folder)
    program = OpenVinoEngine("f32").compile(golden.graphs().of_texts())
    ids = golden.outputs["input_ids"][:1]
    length = int((ids[0] == golden.card.text.eos_id).argmax()) + 1
    short = np.ascontiguousarray(ids[:, :length])
    assert cosines(program.run(short), program.run(ids)).min() >= 0.999999
