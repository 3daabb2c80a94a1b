"""The check at the start over real engines: the bundled model passes in each, and its faults are found."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from sightline.bootstrap import LoadOptions, load_model, make_engine
from sightline.domain.cards import Card
from sightline.domain.errors import CanaryError
from sightline.models.binding import bind
from sightline.models.checkpoint import find
from sightline.models.graph import FamilyGraphs
from sightline.models.hub import Hub
from sightline.models.synthesize import synthesize
from sightline.models.tokenizer import HubTokenizer
from sightline.services.canary import check
from sightline.services.model import Model

ENGINES = {
    "onnx": LoadOptions(engine="onnx"),
    "openvino-f32": LoadOptions(engine="openvino", precision="f32"),
    "openvino-bf16": LoadOptions(engine="openvino", precision="bf16"),
}


@pytest.mark.parametrize("engine", ENGINES)
def test_the_bundled_model_passes_in_every_engine(engine: str) -> None:
    check(load_model("mini", ENGINES[engine]), find("mini", Hub()).canary)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", ["clip-vit-b-32", "fashion-siglip", "dinov2-small"])
def test_random_weights_of_every_layout_pass(name: str, engine: str, tmp_path) -> None:
    made = synthesize(name, tmp_path / name, layers=1)
    check(load_model(str(made.folder), ENGINES[engine]))


def mini_by(card: Card) -> Model:
    """The bundled weights under another card's rules."""
    checkpoint = find("mini", Hub())
    vision, text = bind(checkpoint.card, checkpoint.tensors)
    return Model(
        card,
        fingerprint="another space",
        engine=make_engine(ENGINES["openvino-f32"]),
        graphs=FamilyGraphs(card, vision, text),
        tokenizer=HubTokenizer(checkpoint.tokenizer, card.text, vocab=text.tokens.shape[0]),
    )


def with_image(**changes: object) -> Callable[[Card], Card]:
    return lambda card: replace(card, image=replace(card.image, **changes))


def with_text(**changes: object) -> Callable[[Card], Card]:
    return lambda card: replace(card, text=replace(card.text, **changes))


FAULTS = {
    "cut instead of squashed": with_image(resize="shortest_edge"),
    "no mean": with_image(mean=(0.0, 0.0, 0.0)),
    "SigLIP's scale": with_image(mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5)),
    "quick_gelu": lambda card: replace(card, vision=replace(card.vision, activation="quick_gelu")),
    "text sees what follows": with_text(causal=False),
    "last token pooled": with_text(pooling="last"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_rules_of_another_model_are_found_though_vectors_come_out(fault: str) -> None:
    checkpoint = find("mini", Hub())
    check(mini_by(checkpoint.card), checkpoint.canary)
    wrong = mini_by(FAULTS[fault](checkpoint.card))
    with pytest.raises(CanaryError, match="mini gives wrong vectors"):
        check(wrong, checkpoint.canary)
