from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from sightline.domain.errors import ChangedFileError, SettingsError, UnknownModelError
from sightline.domain.records import TensorSlice
from sightline.models.card_files import Shapes, TextShape, VisionShape, card, card_names, shapes
from sightline.models.checkpoint import find
from sightline.models.hub import Hub
from sightline.models.synthesize import synthesize
from sightline.models.synthetic_tensors import Draw, draws, values
from sightline.models.tensors import load, read_tensors
from sightline.models.tokenizer import HubTokenizer

GOLDEN = Path(__file__).parents[1] / "golden"
SMALL = "dinov2-small"  # 4 million values at 2 layers

GOLDEN_SHAPES: Mapping[str, Shapes] = {
    "clip": Shapes("clip", 32, 7, VisionShape(64, 2, 128), TextShape(48, 2, 96, 1000)),
    "siglip": Shapes("siglip", 16, 14, VisionShape(64, 2, 112), TextShape(64, 2, 128, 1000)),
    "dinov2": Shapes("dinov2", 14, 37, VisionShape(64, 2, 256), None),
    "siglip_open_clip": Shapes("open_clip", 16, 14, VisionShape(64, 2, 256), TextShape(64, 2, 239, 1000)),
}


@pytest.mark.parametrize(
    ("folder", "dim", "context"),
    [("clip", 32, 77), ("siglip", 64, 64), ("dinov2", 64, 0), ("siglip_open_clip", 64, 64)],
)
def test_names_and_shapes_are_those_that_the_reference_library_writes(
    folder: str, dim: int, context: int
) -> None:
    """Against checkpoints saved by transformers and open_clip: see tests/golden."""
    weights = next((GOLDEN / folder).glob("*model.safetensors"))
    wanted = {name: tensor.shape for name, tensor in read_tensors(weights).items()}
    assert {draw.name: draw.shape for draw in draws(GOLDEN_SHAPES[folder], dim, context)} == wanted


@pytest.mark.parametrize("name", card_names())
def test_every_card_has_sizes_that_give_its_vectors(name: str) -> None:
    facts, sizes = card(name), shapes(name)
    made = draws(sizes, facts.dim, facts.text.context_length if facts.text else 0)
    assert len({draw.name for draw in made}) == len(made)


@pytest.mark.parametrize(
    ("name", "millions"),
    [
        ("clip-vit-b-32", 151.3),
        ("clip-vit-b-16", 149.6),
        ("clip-vit-l-14", 427.6),
        ("siglip-b-16", 203.2),
        ("fashion-siglip", 203.2),
        ("siglip-so400m-384", 877.4),
        ("dinov2-small", 22.1),
        ("dinov2-base", 86.6),
        ("dinov2-large", 304.4),
    ],
)
def test_the_number_of_values_is_that_of_the_published_checkpoint(name: str, millions: float) -> None:
    """From the hub: the safetensors sizes it shows, over 4 bytes."""
    facts = card(name)
    made = draws(shapes(name), facts.dim, facts.text.context_length if facts.text else 0)
    assert sum(np.prod(draw.shape) for draw in made) / 1e6 == pytest.approx(millions, rel=0.002)


@pytest.mark.parametrize("name", ["mini", SMALL])
def test_what_is_written_loads_as_the_card_it_was_made_for(tmp_path: Path, name: str) -> None:
    made = synthesize(name, tmp_path / "out", layers=1)
    checkpoint = find(str(made.folder), Hub())
    for key in ("dim", "image", "vision", "text", "weights", "tokenizer"):
        assert getattr(checkpoint.card, key) == getattr(card(name), key), key
    assert checkpoint.verify() == "matches the lock"
    assert sum(np.prod(tensor.shape) for tensor in checkpoint.tensors.values()) == made.parameters


def test_its_tokenizer_takes_any_text(tmp_path: Path) -> None:
    checkpoint = find(str(synthesize("mini", tmp_path, layers=1).folder), Hub())
    rule = checkpoint.card.text
    assert rule is not None
    ids = HubTokenizer(checkpoint.tokenizer, rule, vocab=539).encode(["a red dress", "Ünïcödé 你好 🙂", ""])
    assert (ids == rule.eos_id).any(axis=1).all()


def tensors(folder: Path) -> dict[str, TensorSlice]:
    return read_tensors(folder / "model.safetensors")


def test_the_same_seed_gives_the_same_bytes_and_another_does_not(tmp_path: Path) -> None:
    for folder, seed in (("a", 1), ("b", 1), ("c", 2)):
        synthesize(SMALL, tmp_path / folder, seed=seed, layers=1)
    a, b, c = ((tmp_path / folder / "model.safetensors").read_bytes() for folder in "abc")
    assert a == b
    assert a != c


def test_layers_cut_the_depth_only(tmp_path: Path) -> None:
    synthesize(SMALL, tmp_path, layers=2)
    names = tensors(tmp_path)
    assert "encoder.layer.1.norm1.weight" in names
    assert "encoder.layer.2.norm1.weight" not in names
    assert names["embeddings.position_embeddings"].shape == (1, 1370, 384)


@pytest.mark.parametrize(("dtype", "tolerance"), [("F16", 1e-3), ("BF16", 8e-3)])
def test_half_precision_holds_the_same_values_rounded(tmp_path: Path, dtype: str, tolerance: float) -> None:
    synthesize(SMALL, tmp_path / "full", layers=1)
    synthesize(SMALL, tmp_path / "half", layers=1, dtype=dtype)  # type: ignore[arg-type]
    full, half = tensors(tmp_path / "full"), tensors(tmp_path / "half")
    assert {tensor.dtype for tensor in half.values()} == {dtype}
    for name, tensor in full.items():
        expected = np.asarray(load(tensor), np.float32)
        np.testing.assert_allclose(
            np.asarray(load(half[name]), np.float32), expected, rtol=tolerance, atol=1e-6
        )


def test_a_large_tensor_is_drawn_in_pieces_and_never_held_whole() -> None:
    sizes = [len(chunk) for chunk in values(Draw("t", (9, 1_000_000), 0.0, 1.0), (0, 0))]
    assert sum(sizes) == 9_000_000
    assert max(sizes) <= 1 << 22


def test_values_keep_the_variance_of_what_passes_through() -> None:
    weight = next(draw for draw in draws(shapes(SMALL), 384, 0) if draw.name.endswith("fc1.weight"))
    drawn = np.concatenate(list(values(weight, (0, 0)))).reshape(weight.shape)
    passed = drawn @ np.random.default_rng(0).standard_normal((weight.shape[1], 64))
    assert passed.std() == pytest.approx(1.0, rel=0.05)


def test_a_changed_byte_in_it_is_refused(tmp_path: Path) -> None:
    synthesize(SMALL, tmp_path, layers=1)
    with (tmp_path / "model.safetensors").open("r+b") as file:
        file.seek(-1, 2)
        file.write(b"\x7f")
    with pytest.raises(ChangedFileError, match=r"model\.safetensors"):
        find(str(tmp_path), Hub()).verify()


def test_a_folder_with_other_things_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(SettingsError, match="empty or a new folder"):
        synthesize(SMALL, tmp_path, layers=1)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_former_synthesis_is_replaced_even_by_another_layout(tmp_path: Path) -> None:
    synthesize("mini", tmp_path, layers=1)
    synthesize(SMALL, tmp_path, layers=1)
    assert find(str(tmp_path), Hub()).card.dim == 384
    assert not (tmp_path / "tokenizer.json").exists()


def test_a_file_in_the_way_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsError, match="is a file"):
        synthesize(SMALL, tmp_path / "file")


@pytest.mark.parametrize("layers", [0, -3])
def test_a_depth_below_1_is_refused(tmp_path: Path, layers: int) -> None:
    with pytest.raises(SettingsError, match="at least 1"):
        synthesize(SMALL, tmp_path / "out", layers=layers)
    assert not (tmp_path / "out").exists()


def test_a_card_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnknownModelError):
        synthesize("clip", tmp_path / "out")


def test_depth_beyond_the_real_one_is_the_real_one(tmp_path: Path) -> None:
    synthesize("mini", tmp_path, layers=99)
    depth = shapes("mini").vision.depth
    assert f"vision_model.encoder.layers.{depth - 1}.layer_norm1.weight" in tensors(tmp_path)
    assert f"vision_model.encoder.layers.{depth}.layer_norm1.weight" not in tensors(tmp_path)
