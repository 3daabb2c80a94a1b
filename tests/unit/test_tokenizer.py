from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tokenizers import Tokenizer
from tokenizers.models import WordLevel

from sightline.domain.cards import TextRule
from sightline.domain.errors import BrokenFileError, InvalidRequestError, MissingFileError
from sightline.models.card_files import card, shapes
from sightline.models.synthetic_files import small_files
from sightline.models.tokenizer import HubTokenizer, canonicalise


def rule_of(name: str) -> TextRule:
    rule = card(name).text
    assert rule is not None
    return rule


@pytest.fixture
def clip_file(tmp_path: Path) -> Path:
    """A byte-level tokenizer with CLIP's special tokens at CLIP's ids."""
    path = tmp_path / "tokenizer.json"
    path.write_text(small_files(card("clip-vit-b-32"), shapes("clip-vit-b-32"))["tokenizer.json"])
    return path


@pytest.fixture
def t5_file(tmp_path: Path) -> Path:
    path = tmp_path / "t5.json"
    path.write_text(small_files(card("siglip-b-16"), shapes("siglip-b-16"))["tokenizer.json"])
    return path


CLIP = rule_of("clip-vit-b-32")
SIGLIP = rule_of("siglip-b-16")


def test_a_text_stands_between_the_two_special_tokens(clip_file: Path) -> None:
    ids = HubTokenizer(clip_file, CLIP).encode(["ab"])
    assert ids.dtype == np.int64
    assert ids[0, 0] == 49406
    assert ids[0, 3] == 49407


def test_a_causal_tower_gets_the_longest_text_of_the_batch_in_steps_of_8(clip_file: Path) -> None:
    tokenizer = HubTokenizer(clip_file, CLIP)
    assert tokenizer.encode(["a"]).shape == (1, 8)
    assert tokenizer.encode(["a", "a" * 7]).shape == (2, 16)
    assert tokenizer.encode(["a" * 74]).shape == (1, 77)


def test_padding_follows_the_first_eos_and_is_the_pad_id(clip_file: Path) -> None:
    ids = HubTokenizer(clip_file, replace(CLIP, pad_id=0)).encode(["a", "abcdefgh"])
    np.testing.assert_array_equal(ids[0, 3:], 0)


def test_a_long_text_is_cut_to_the_context_and_keeps_its_eos(clip_file: Path) -> None:
    ids = HubTokenizer(clip_file, CLIP).encode(["a" * 500])
    assert ids.shape == (1, 77)
    assert ids[0, 0] == 49406
    assert ids[0, -1] == 49407
    assert (ids[0, 1:-1] == ids[0, 1]).all()


def test_a_tower_that_takes_its_last_position_always_gets_the_whole_context(t5_file: Path) -> None:
    ids = HubTokenizer(t5_file, SIGLIP).encode(["a", "a" * 500])
    assert ids.shape == (2, 64)
    assert ids[0, 1] == 1
    np.testing.assert_array_equal(ids[0, 2:], 1)
    assert ids[1, -1] == 1
    assert ids[1, -2] != 1


def test_no_texts_give_no_rows(clip_file: Path) -> None:
    assert HubTokenizer(clip_file, CLIP).encode([]).shape[0] == 0


def test_the_ids_of_a_text_do_not_depend_on_its_batch(clip_file: Path) -> None:
    tokenizer = HubTokenizer(clip_file, CLIP)
    alone, together = tokenizer.encode(["a red dress"]), tokenizer.encode(["a red dress", "b" * 60])
    np.testing.assert_array_equal(together[0, : alone.shape[1]], alone[0])


def test_truncation_and_padding_left_in_the_file_are_ignored(clip_file: Path) -> None:
    stored = Tokenizer.from_file(str(clip_file))
    stored.enable_truncation(5)
    stored.enable_padding(length=5, pad_id=3)
    stored.save(str(clip_file))
    tokenizer = HubTokenizer(clip_file, CLIP)
    assert tokenizer.encode(["abcdefghij"]).shape == (1, 16)
    np.testing.assert_array_equal(tokenizer.encode(["a"])[0, 2:], 49407)


def test_a_tokenizer_that_adds_no_eos_is_helped(clip_file: Path) -> None:
    stored = Tokenizer.from_file(str(clip_file))
    plain = Tokenizer(stored.model)
    plain.pre_tokenizer = stored.pre_tokenizer
    plain.add_special_tokens(["<|endoftext|>"])
    plain.save(str(clip_file))
    ids = HubTokenizer(clip_file, CLIP).encode(["abc", "a" * 100])
    assert ids[0, 3] == 49407
    assert ids[1, -1] == 49407


def test_a_special_token_that_the_tower_has_no_row_for_is_refused(t5_file: Path) -> None:
    stored = Tokenizer.from_file(str(t5_file))
    stored.add_special_tokens(["<extra_id_0>"])
    stored.save(str(t5_file))
    tokenizer = HubTokenizer(t5_file, replace(SIGLIP, canonicalise=False), vocab=stored.get_vocab_size() - 1)
    assert tokenizer.encode(["plain"]).shape == (1, 64)
    with pytest.raises(InvalidRequestError, match="special token"):
        tokenizer.encode(["a <extra_id_0>"])


def test_half_a_surrogate_pair_is_the_callers_mistake(clip_file: Path) -> None:
    with pytest.raises(InvalidRequestError, match="surrogate"):
        HubTokenizer(clip_file, CLIP).encode(["\ud800"])


def test_threads_get_what_a_single_one_gets(clip_file: Path) -> None:
    tokenizer = HubTokenizer(clip_file, CLIP)
    texts = [[f"text {i} {'x' * (i % 50)}"] for i in range(200)]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(tokenizer.encode, texts))
    for ids, text in zip(together, texts, strict=True):
        np.testing.assert_array_equal(ids, tokenizer.encode(text))


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("A Red DRESS!", "a red dress"),
        ("  it's   a\tt-shirt\n", "its a tshirt"),
        ("{red}", "red"),
        ("snake_case", "snake case"),
        ("Ärmel, 50 % Wolle", "ärmel 50 wolle"),
        ("“quoted”", "“quoted”"),
        ("...", ""),
    ],
)
def test_siglip_texts_are_canonical_as_open_clip_makes_them(text: str, canonical: str) -> None:
    """Expected values: open_clip 3.3 tokenizer.canonicalize_text, read; it drops ASCII punctuation only."""
    assert canonicalise(text) == canonical


def test_only_a_rule_that_says_so_canonicalises(t5_file: Path) -> None:
    plain = HubTokenizer(t5_file, replace(SIGLIP, canonicalise=False))
    canonical = HubTokenizer(t5_file, SIGLIP)
    np.testing.assert_array_equal(canonical.encode(["Red, dress!"]), plain.encode(["red dress"]))
    assert not np.array_equal(plain.encode(["Red, dress!"]), plain.encode(["red dress"]))


@pytest.mark.parametrize("text", ["", "{}", "[]", "not json", '{"model": {"type": "Unknown"}}', "\xff"])
def test_a_file_that_is_no_tokenizer_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "tokenizer.json"
    path.write_text(text, encoding="latin-1")
    with pytest.raises(BrokenFileError, match=r"tokenizer\.json"):
        HubTokenizer(path, CLIP)


def test_the_tokenizer_of_another_model_is_refused(t5_file: Path) -> None:
    with pytest.raises(BrokenFileError, match="no id 49407"):
        HubTokenizer(t5_file, CLIP)


def test_a_tokenizer_in_which_the_end_is_a_common_word_is_refused(tmp_path: Path) -> None:
    """GPT-2's, say: it has 50,257 ids, so that CLIP's end of text is one of its words."""
    vocab = {f"word{i}": i for i in range(50_257)}
    path = tmp_path / "tokenizer.json"
    path.write_text(Tokenizer(WordLevel(vocab, unk_token="word0")).to_str())
    with pytest.raises(BrokenFileError, match=r"49407.*'word49407'.*another model"):
        HubTokenizer(path, CLIP)


def test_a_tokenizer_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(MissingFileError, match="absent"):
        HubTokenizer(tmp_path / "absent.json", CLIP)
