"""Text to ids by a tokenizer.json, under a card's text rule. Does not know the text tower."""

import string
from pathlib import Path

import numpy as np
from tokenizers import Encoding, Tokenizer

from sightline.domain.arrays import Int64
from sightline.domain.cards import TextRule
from sightline.domain.errors import BrokenFileError, InvalidRequestError, MissingFileError

MAX_TOKENIZER_BYTES = 200_000_000  # the largest seen, for 256,000 pieces, has 34 MB
STRIDE = 8  # lengths are rounded up to this, so that a runtime meets few shapes

_PUNCTUATION = str.maketrans("", "", string.punctuation)


class HubTokenizer:
    """Implements domain.ports.Tokenizer. Safe from several threads: nothing changes after the start.

    vocab: how many ids the text tower has a row for. Tokenizers may know more, such as T5's <extra_id_0>.
    """

    def __init__(self, path: Path, rule: TextRule, vocab: int | None = None) -> None:
        """Raises MissingFileError: no such file. BrokenFileError: it is no tokenizer, or not this model's."""
        self._rule = rule
        self._vocab = vocab
        self._tokenizer = _open(path)
        # What training left in the file: texts would come out cut or padded by another rule than the card's.
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        self._ends_itself = self._ids("")[-1:] == [rule.eos_id]
        end = self._tokenizer.id_to_token(rule.eos_id)
        if end is None:
            raise BrokenFileError(
                f"{path} knows no id {rule.eos_id}, with which the model ends its texts: "
                "it is the tokenizer of another model"
            )
        if not self._ends_itself and rule.eos_id not in self._tokenizer.get_added_tokens_decoder():
            raise BrokenFileError(
                f"{path} has id {rule.eos_id}, with which the model ends its texts, for the word {end!r}: "
                "it is the tokenizer of another model"
            )

    def encode(self, texts: list[str]) -> Int64:
        """(N,) texts -> (N, L) int64: cut to the context with the end token kept, then padded.

        A tower that takes its last position always gets the whole context: padding is part of its input. A
        causal one that takes the first eos cannot see what follows, so it gets the longest text of the batch.

        Raises InvalidRequestError: a text is no Unicode, or spells out a token that the tower has no row for.
        """
        canonical = [canonicalise(text) for text in texts] if self._rule.canonicalise else texts
        try:
            encodings = self._tokenizer.encode_batch_fast(canonical)
        except (UnicodeEncodeError, TypeError) as exc:
            raise InvalidRequestError("a text holds half of a surrogate pair; send valid Unicode") from exc
        rows = [self._cut(encoding) for encoding in encodings]
        ids = np.full((len(rows), self._length(rows)), self._rule.pad_id, dtype=np.int64)  # (N, L)
        for row, out in zip(rows, ids, strict=True):
            out[: len(row)] = row
        if self._vocab is not None and ids.size and ids.max() >= self._vocab:
            raise InvalidRequestError(
                f"a text has a token of id {ids.max()}, and the model's ids go to {self._vocab - 1}: "
                "the text spells out a special token, or tokenizer.json is another model's"
            )
        return ids

    def _cut(self, encoding: Encoding) -> list[int]:
        ids: list[int] = encoding.ids
        if not self._ends_itself:
            ids = [*ids, self._rule.eos_id]
        if len(ids) > self._rule.context_length:
            ids = [*ids[: self._rule.context_length - 1], self._rule.eos_id]
        return ids

    def _length(self, rows: list[list[int]]) -> int:
        if self._rule.pooling == "last":
            return self._rule.context_length
        longest = max((len(row) for row in rows), default=1)
        return min(-(-longest // STRIDE) * STRIDE, self._rule.context_length)

    def _ids(self, text: str) -> list[int]:
        ids: list[int] = self._tokenizer.encode(text).ids
        return ids


def canonicalise(text: str) -> str:
    """Lower case, no ASCII punctuation, single spaces: how SigLIP's texts were prepared in training.

    As open_clip does (tokenizer.py, canonicalize_text), an underscore becomes a space; transformers deletes
    it. Underscores are rare in queries, and open_clip's is the rule of the training code, big_vision.
    """
    return " ".join(text.replace("_", " ").translate(_PUNCTUATION).lower().split())


def _open(path: Path) -> Tokenizer:
    try:
        size = path.stat().st_size
        text = path.read_bytes() if size <= MAX_TOKENIZER_BYTES else b""
    except OSError as exc:
        raise MissingFileError(f"{path} cannot be read: {exc.strerror or type(exc).__name__}") from exc
    if size > MAX_TOKENIZER_BYTES:
        raise BrokenFileError(
            f"{path} has {size} bytes (limit {MAX_TOKENIZER_BYTES}); no tokenizer needs so many"
        )
    try:
        return Tokenizer.from_buffer(text)
    except Exception as exc:  # which class it raises has changed between versions
        raise BrokenFileError(f"{path} is no tokenizer.json that can be read; fetch it again") from exc
