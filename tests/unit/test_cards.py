from pathlib import Path

import pytest

from sightline.domain.errors import BrokenFileError, UnknownModelError
from sightline.models.card_files import BUNDLED, CARDS, card, card_names, parse_card, shapes
from sightline.models.configs import card_from_folder

CLIP = (CARDS / "clip-vit-b-32.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", card_names())
def test_every_card_can_be_read_and_says_where_its_facts_come_from(name: str) -> None:
    facts = card(name)
    assert facts.name == name
    assert facts.about
    assert facts.licence
    assert facts.bundled or facts.source.startswith("https://")
    assert facts.weights.endswith(".safetensors")
    assert facts.embeds_text == (facts.tokenizer is not None)


@pytest.mark.parametrize("name", [name for name in card_names() if not card(name).bundled])
def test_every_card_of_the_hub_is_pinned_to_a_commit(name: str) -> None:
    revision = card(name).revision
    assert revision is not None
    assert len(revision) == 40
    assert set(revision) <= set("0123456789abcdef")


@pytest.mark.parametrize("name", card_names())
def test_the_sizes_of_a_card_agree_with_its_facts(name: str) -> None:
    facts, sizes = card(name), shapes(name)
    assert sizes.vision.width % facts.vision.heads == 0
    assert (sizes.text is None) == (facts.text is None)
    if sizes.layout != "dinov2":
        assert facts.image.size_px // sizes.patch_px == sizes.grid
    if facts.text is not None and sizes.text is not None:
        assert max(facts.text.eos_id, facts.text.pad_id) < sizes.text.vocab


@pytest.mark.parametrize("name", [name for name in card_names() if card(name).bundled])
def test_a_bundled_card_says_what_the_config_beside_its_weights_says(name: str) -> None:
    facts, read = card(name), card_from_folder(BUNDLED / name, name)
    for key in ("dim", "image", "vision", "text", "weights", "tokenizer"):
        assert getattr(facts, key) == getattr(read, key), key


def test_an_unknown_name_is_answered_with_the_closest_and_with_all() -> None:
    with pytest.raises(UnknownModelError) as caught:
        card("clip-vit-b32")
    assert "Did you mean 'clip-vit-b-32'?" in str(caught.value)
    assert all(name in str(caught.value) for name in card_names())


def test_a_name_that_leads_out_of_the_folder_is_just_unknown() -> None:
    with pytest.raises(UnknownModelError):
        card("../cards/mini")


def test_a_card_may_do_without_a_text_tower_and_without_sizes() -> None:
    lines = CLIP.split("[text]", maxsplit=1)[0].replace('tokenizer = "tokenizer.json"\n', "")
    facts, sizes = parse_card("x", lines)
    assert facts.text is None
    assert facts.tokenizer is None
    assert sizes is None


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        pytest.param("dim = 512", "", "lacks dim", id="missing key"),
        pytest.param("dim = 512", "dim = 512\ncolour = 1", "unknown colour", id="unknown key"),
        pytest.param("dim = 512", "dim = true", "dim is True; needed: int", id="a truth for a number"),
        pytest.param(
            'resize = "shortest_edge"', 'resize = "pad"', "'shortest_edge' or 'squash'", id="choice"
        ),
        pytest.param("[0.48145466, 0.4578275, 0.40821073]", "[0.5, 0.5]", "3 decimal numbers", id="short"),
        pytest.param("norm_eps = 1e-5", 'norm_eps = "small"', "needed: float", id="text for a number"),
        pytest.param("heads = 12", "head = 12", r"\[vision\]|vision lacks heads", id="misspelt in a table"),
        pytest.param("dim = 512", "dim = = 512", "no valid TOML", id="no TOML"),
    ],
)
def test_a_card_file_with_a_fault_says_which(old: str, new: str, words: str) -> None:
    assert old in CLIP
    with pytest.raises(BrokenFileError, match=words):
        parse_card("x", CLIP.replace(old, new, 1))


def test_cards_lie_in_a_folder_that_holds_nothing_else() -> None:
    assert {path.suffix for path in Path(CARDS).iterdir()} == {".toml"}


@pytest.mark.parametrize("name", card_names())
def test_every_card_knows_how_many_blocks_its_checkpoint_has(name: str) -> None:
    """A file that lost its last ones fits in every tensor; trunks of timm state their depth nowhere else."""
    facts = card(name)
    assert facts.depths.vision
    assert bool(facts.depths.text) == facts.embeds_text
