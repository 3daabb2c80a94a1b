"""mini's tokenizer, and which caption is true of which picture.

Knows nothing of pixels or models.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from torch import Tensor

from drawings import BACKGROUNDS, COLOURS, KINDS, PATTERNS, Caption, Product, sayings

BOS, EOS = "<|startoftext|>", "<|endoftext|>"
VOCAB_SIZE = 1024
FACTS = (KINDS, tuple(COLOURS), PATTERNS, BACKGROUNDS)
OPEN = -1  # a caption leaves it open, or nobody knows it of a photo

# How often a caption says (colour, pattern, background) beside the kind.
MENTIONS = {
    (True, False, False): 0.38,
    (False, False, False): 0.14,
    (False, True, False): 0.18,
    (True, True, False): 0.18,
    (True, False, True): 0.06,
    (True, True, True): 0.06,
}


def all_products() -> list[Product]:
    return [Product(k, c, p, b) for k in KINDS for c in COLOURS for p in PATTERNS for b in BACKGROUNDS]


def train_tokenizer(context: int) -> Tokenizer:
    """A byte-level BPE over our captions: whole words for what we draw, pieces and bytes for the rest."""
    texts = sorted({text for p in all_products() for text in _plain_texts(p)})
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.Lowercase()])
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=VOCAB_SIZE, special_tokens=[], initial_alphabet=alphabet)
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.add_special_tokens([BOS, EOS])
    bos_id, eos_id = tokenizer.token_to_id(BOS), tokenizer.token_to_id(EOS)
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{BOS} $A {EOS}", special_tokens=[(BOS, bos_id), (EOS, eos_id)]
    )
    tokenizer.enable_truncation(context)
    tokenizer.enable_padding(pad_id=eos_id, pad_token=EOS, length=context)
    return tokenizer


def _plain_texts(product: Product) -> list[str]:
    return [saying.text for saying in sayings(product)]


@dataclass(frozen=True, slots=True)
class Said:
    """Captions of a batch: their token ids and, per fact, what they claim (OPEN where they are silent)."""

    ids: Tensor  # (B, L)
    claims: Tensor  # (B, 4)


def facts_of(product: Product) -> list[int]:
    words = (product.kind, product.colour, product.pattern, product.background)
    return [fact.index(word) for fact, word in zip(FACTS, words, strict=True)]


def claims_of(caption: Caption) -> list[int]:
    words = (caption.kind, caption.colour, caption.pattern, caption.background)
    return [OPEN if word is None else fact.index(word) for fact, word in zip(FACTS, words, strict=True)]


@cache
def _by_mention(product: Product) -> dict[tuple[bool, bool, bool], list[Caption]]:
    found: dict[tuple[bool, bool, bool], list[Caption]] = {}
    for caption in sayings(product):
        says = (caption.colour is not None, caption.pattern is not None, caption.background is not None)
        found.setdefault(says, []).append(caption)
    return found


def caption_for(product: Product, rng: random.Random) -> Caption:
    mention = rng.choices(list(MENTIONS), list(MENTIONS.values()))[0]
    return rng.choice(_by_mention(product)[mention])


@cache
def _kind_captions(kind: str) -> list[Caption]:
    any_product = Product(kind, "red")
    return _by_mention(any_product)[(False, False, False)]


def photo_caption(kind: int, rng: random.Random) -> Caption:
    """Of a photo only the kind is known."""
    return rng.choice(_kind_captions(KINDS[kind]))


class Scribe:
    """Turns captions into token ids, each text once."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self._known: dict[str, list[int]] = {}

    def ids(self, texts: Sequence[str]) -> Tensor:
        """(B, L): cut to the longest of the batch, which causal attention does not notice."""
        eos_id = self._tokenizer.token_to_id(EOS)
        for text in texts:
            if text not in self._known:
                self._known[text] = self._tokenizer.encode(text).ids
        rows = np.array([self._known[text] for text in texts])
        longest = int((rows != eos_id).sum(1).max()) + 1
        return torch.from_numpy(rows[:, :longest])

    def write(self, said: Sequence[Caption]) -> Said:
        return Said(self.ids([c.text for c in said]), torch.tensor([claims_of(c) for c in said]))


def truth(facts: Tensor, claims: Tensor) -> tuple[Tensor, Tensor]:
    """Facts (I, 4) against claims (T, 4): which pairs are true, and which unsure; both (I, T) bool."""
    fact, claim = facts[:, None], claims[None]
    silent, unknown = claim == OPEN, fact == OPEN
    is_false = ((fact != claim) & ~silent & ~unknown).any(2)
    is_unsure = (unknown & ~silent).any(2) & ~is_false
    return ~is_false & ~is_unsure, is_unsure
