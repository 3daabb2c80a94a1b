"""A model without weights, for tests above the engines: fake engine, fake graphs, a tokenizer of letters."""

import io
import threading
from collections.abc import Callable

import numpy as np
from PIL import Image

from sightline.domain.arrays import Float32, Int64, UInt8
from sightline.domain.cards import Card, ImageRule, TextRule, VisionRule
from sightline.domain.ports import Engine, Tokenizer
from sightline.domain.records import Graph
from sightline.engines.fake import FakeEngine, FakeProgram
from sightline.imaging.limits import Limits
from sightline.services.model import Model

DIM = 16
SIZE_PX = 32
CONTEXT = 8

Batch = UInt8 | Int64 | Float32


def fake_card(name: str = "fake", *, with_text: bool = True, repo: str | None = None) -> Card:
    text = TextRule(
        heads=1, activation="gelu", norm_eps=1e-5, causal=True, pooling="eos", context_length=CONTEXT,
        pad_id=0, eos_id=1, canonicalise=False,
    )  # fmt: skip
    return Card(
        name=name,
        dim=DIM,
        image=ImageRule(SIZE_PX, "shortest_edge", SIZE_PX, "bicubic", (0.5, 0.5, 0.5), (0.5, 0.5, 0.5)),
        vision=VisionRule(heads=1, activation="gelu", norm_eps=1e-5, pooling="cls"),
        text=text if with_text else None,
        weights="none",
        tokenizer="none" if with_text else None,
        repo=repo,
        revision=None,
        licence="none",
        source="none",
        about="for tests",
    )


class FakeGraphs:
    def of_images(self) -> Graph:
        return Graph("images", DIM, onnx=b"", open_onnx=b"", weights={})

    def of_pixels(self, side_px: int | None = None) -> Graph:
        return Graph("pixels", DIM, onnx=b"", open_onnx=b"", weights={})

    def of_texts(self) -> Graph:
        return Graph("texts", DIM, onnx=b"", open_onnx=b"", weights={})


class LetterTokenizer:
    """One id per letter, then the end (1), then padding (0): equal texts and only they have equal ids."""

    def encode(self, texts: list[str]) -> Int64:
        ids = np.zeros((len(texts), CONTEXT), dtype=np.int64)
        for row, text in zip(ids, texts, strict=True):
            letters = [ord(letter) for letter in text[: CONTEXT - 1]] + [1]
            row[: len(letters)] = letters
        return ids


class HookedEngine(FakeEngine):
    """A fake engine that shows every batch to `hook` before it runs; the hook may wait, or raise."""

    def __init__(self, hook: Callable[[Batch], None]) -> None:
        super().__init__()
        self._hook = hook

    def compile(self, graph: Graph) -> FakeProgram:
        return _HookedProgram(graph.dim, self._hook)


class _HookedProgram(FakeProgram):
    def __init__(self, dim: int, hook: Callable[[Batch], None]) -> None:
        super().__init__(dim)
        self._hook = hook

    def run(self, batch: Batch) -> Float32:
        self._hook(batch)
        return super().run(batch)


class Turnstile:
    """A hook that records batches and, while closed, holds the device inside a forward."""

    def __init__(self) -> None:
        self.batches: list[Batch] = []
        self.entered = threading.Event()
        self._open = threading.Event()
        self._open.set()

    def __call__(self, batch: Batch) -> None:
        self.batches.append(batch)
        self.entered.set()
        assert self._open.wait(20)

    def shut(self) -> None:
        self.entered.clear()
        self._open.clear()

    def open(self) -> None:
        self._open.set()

    @property
    def sizes(self) -> list[int]:
        return [len(batch) for batch in self.batches]


def fake_model(
    name: str = "fake",
    *,
    hook: Callable[[Batch], None] | None = None,
    engine: Engine | None = None,
    limits: Limits | None = None,
    with_text: bool = True,
    repo: str | None = None,
    tokenizer: Tokenizer | None = None,
) -> Model:
    return Model(
        fake_card(name, with_text=with_text, repo=repo),
        fingerprint=f"space-of-{name}",
        engine=engine or (HookedEngine(hook) if hook else FakeEngine()),
        graphs=FakeGraphs(),
        tokenizer=(tokenizer or LetterTokenizer()) if with_text else None,
        limits=limits,
    )


def png(seed: int = 0, size: tuple[int, int] = (40, 30)) -> bytes:
    """A picture of its own for every seed."""
    return encoded(seed, size, "PNG")


def encoded(seed: int, size: tuple[int, int], kind: str) -> bytes:
    pixels = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, kind)
    return buffer.getvalue()
