"""One loaded model: pictures and text to vectors, in the caller's thread. Does not know queues or HTTP."""

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property

import numpy as np
from PIL import Image

from sightline.domain.arrays import Float32, Int64, UInt8
from sightline.domain.cards import Card, TextRule
from sightline.domain.errors import ForwardError, NoTextTowerError
from sightline.domain.ports import Engine, Graphs, Program, Tokenizer
from sightline.domain.records import Canary, Tower
from sightline.domain.vectors import l2_normalise, mean_direction
from sightline.imaging.crops import CropRule, count, crops
from sightline.imaging.decode import ImageSource, Limits, read_image
from sightline.imaging.preprocess import preprocess
from sightline.services import arguments

BATCH = 32  # past this the CPU engines gain nothing, and memory grows


class Model:
    """Made by sightline.load. Safe to call from several threads.

    card: what the model is. fingerprint: the vector space, equal only for equal weights and preparation.
    origin: the folder of its checkpoint, where its name does not lead to it.
    """

    def __init__(
        self,
        card: Card,
        *,
        fingerprint: str,
        engine: Engine,
        graphs: Graphs,
        tokenizer: Tokenizer | None,
        crop_rule: CropRule | None = None,
        limits: Limits | None = None,
        patch_px: int = 16,
        vocab: int | None = None,
        canary: Canary | None = None,
        origin: str = "",
    ) -> None:
        """vocab: how many ids the text tower has a row for. canary: what its vectors should be, if stored."""
        self.card = card
        self.fingerprint = fingerprint
        self.engine = engine
        self.crop_rule = crop_rule
        self.limits = limits or Limits()
        self.patch_px = patch_px
        self.canary = canary
        self.origin = origin
        self._vocab = vocab
        self._graphs = graphs
        self._pixel_programs: dict[int, Program] = {}
        self._tokenizer = tokenizer

    @property
    def dim(self) -> int:
        return self.card.dim

    @property
    def embeds_text(self) -> bool:
        """Whether embed_texts works: a text tower, and the tokenizer that goes with it."""
        return self.card.embeds_text and self._tokenizer is not None

    @property
    def image_tokens(self) -> int:
        """Patches per square: what one costs a device, roughly."""
        return (self.card.image.size_px // self.patch_px) ** 2

    def embed_images(self, images: Iterable[ImageSource]) -> Float32:
        """(N, dim) float32 of unit length for N paths, encoded bytes, PIL pictures or uint8 (H, W, 3) arrays.

        Raises ImageError: a picture is refused; InvalidRequestError: no list, or no picture;
        NonFiniteVectorError: the model gave no number for one.
        """
        items = arguments.pictures(images)
        if not items:
            return self._none()
        parts = [items[start : start + BATCH] for start in range(0, len(items), BATCH)]
        return np.concatenate([self._embed_part(part) for part in parts])

    def embed_texts(self, texts: Iterable[str]) -> Float32:
        """(N, dim) float32 of unit length.

        Raises NoTextTowerError: the model has no text tower; InvalidRequestError: no list, or no text.
        """
        items = arguments.texts(texts)
        return self.run_texts(self.prepare_texts(items)) if items else self._none()

    def encode_pixels(self, pixels: Float32) -> Float32:
        """(N, 3, S, S) float32, already scaled and normalised -> (N, dim) float32 of unit length.

        S is usually the card's size; for another, positions are resampled.
        Raises InvalidRequestError: another shape.
        """
        pixels = arguments.pixels(pixels, least_px=self.patch_px)
        return self._forward(self._pixel_program(pixels.shape[2]), pixels)

    def encode_tokens(self, ids: Int64) -> Float32:
        """(N, L) int64 -> (N, dim) float32 of unit length; L is at most the model's context length.

        Raises NoTextTowerError; InvalidRequestError: another shape or type, or ids the model does not have.
        """
        longest = self.require_text().context_length
        return self.run_texts(arguments.token_ids(ids, context_length=longest, vocab=self._vocab))

    def prepare_image(self, image: ImageSource) -> UInt8:
        """(C, size, size, 3) uint8: C = 1, or the crops to be averaged. Raises ImageError."""
        return self.cut(self.read(image))

    def read(self, image: ImageSource) -> Image.Image:
        """The picture, upright, RGB, under the limits. Raises ImageError."""
        return read_image(image, self.limits)

    def cut(self, picture: Image.Image) -> UInt8:
        """(C, size, size, 3) uint8 of a picture that read() gave."""
        if self.crop_rule is None:
            return preprocess(picture, self.card.image)[np.newaxis]
        return crops(picture, self.crop_rule, self.card.image)

    def prepare_texts(self, texts: Sequence[str]) -> Int64:
        """(N, L) int64. Raises NoTextTowerError."""
        self.require_text()
        if self._tokenizer is None:
            raise NoTextTowerError(
                f"{self.card.name} was loaded from a checkpoint without tokenizer.json; add one to its folder"
            )
        return self._tokenizer.encode(list(texts))

    def run_images(self, squares: UInt8) -> Float32:
        """One vector for each prepared square: (N, size, size, 3) uint8 -> (N, dim)."""
        return self._forward(self._image_program, squares)

    def run_texts(self, ids: Int64) -> Float32:
        """(N, L) int64 -> (N, dim)."""
        self.require_text()
        return self._forward(self._text_program, ids)

    def run(self, tower: Tower, rows: UInt8 | Int64) -> Float32:
        """One vector for each prepared row of either tower: (N, ...) -> (N, dim)."""
        return self._forward(self._image_program if tower == "vision" else self._text_program, rows)

    def row_cost(self, tower: Tower, row_shape: tuple[int, ...]) -> int:
        """The tokens that the tower works through for a prepared row of this shape."""
        return self.image_tokens if tower == "vision" else row_shape[0]

    @property
    def image_rows(self) -> int:
        """How many squares a picture is cut into, unless it is a panorama."""
        return 1 if self.crop_rule is None else count(1, 1, self.crop_rule)

    def count_tokens(self, ids: Int64) -> int:
        """How many of the ids (L,) of one text are not padding."""
        ends = np.flatnonzero(ids == self.require_text().eos_id)
        return int(ends[0]) + 1 if len(ends) else len(ids)

    def require_text(self) -> TextRule:
        """The text rule of the card. Raises NoTextTowerError where there is none."""
        if self.card.text is None:
            raise NoTextTowerError(f"{self.card.name} has no text tower: it embeds pictures only")
        return self.card.text

    def warm_up(self) -> None:
        """Compile both towers and run each once, so that the first caller does not wait for it."""
        self.run("vision", self.blank_rows("vision", 1))
        if self.card.text is not None:
            self.run("text", self.blank_rows("text", 1))

    def blank_rows(self, tower: Tower, count: int) -> UInt8 | Int64:
        """(count, ...) of what a tower takes: black squares, or texts that end at once.

        Raises NoTextTowerError.
        """
        if tower == "vision":
            size = self.card.image.size_px
            return np.zeros((count, size, size, 3), dtype=np.uint8)
        rule = self.require_text()
        return np.full((count, rule.context_length), rule.eos_id, dtype=np.int64)

    @cached_property
    def _image_program(self) -> Program:
        return self.engine.compile(self._graphs.of_images())

    def _pixel_program(self, side_px: int) -> Program:
        if side_px not in self._pixel_programs:
            self._pixel_programs[side_px] = self.engine.compile(self._graphs.of_pixels(side_px))
        return self._pixel_programs[side_px]

    @cached_property
    def _text_program(self) -> Program:
        return self.engine.compile(self._graphs.of_texts())

    def _embed_part(self, images: Sequence[ImageSource]) -> Float32:
        prepared = [self.prepare_image(image) for image in images]
        vectors = self.run_images(np.concatenate(prepared))
        ends = np.cumsum([len(squares) for squares in prepared])
        return np.stack([mean_direction(part) for part in np.split(vectors, ends[:-1])])

    def _none(self) -> Float32:
        return np.zeros((0, self.dim), dtype=np.float32)

    def _forward(self, program: Program, batch: UInt8 | Int64 | Float32) -> Float32:
        if not len(batch):
            return self._none()
        # bf16 leaves lengths off by up to 1e-3: the last scaling is repeated here in float32
        vectors = np.concatenate([program.run(part) for part in _parts(batch)])
        if vectors.shape != (len(batch), self.dim):  # each would get another's
            raise ForwardError(f"the model gave {vectors.shape} for a batch of {len(batch)}")
        return l2_normalise(vectors)


def _parts(batch: UInt8 | Int64 | Float32) -> Iterator[UInt8 | Int64 | Float32]:
    for start in range(0, len(batch), BATCH):
        yield batch[start : start + BATCH]
