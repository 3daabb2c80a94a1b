"""What is known about a model before its weights are opened. Does not know files, tensors or engines."""

from dataclasses import dataclass
from typing import Literal

Activation = Literal["gelu", "gelu_tanh", "quick_gelu"]
Interpolation = Literal["bicubic", "bilinear"]
Resize = Literal["shortest_edge", "squash"]


@dataclass(frozen=True)
class ImageRule:
    """How a picture becomes the (size_px, size_px, 3) square that the vision tower takes.

    shortest_edge: scale until the shorter side is resize_px, then cut size_px from the centre.
    squash: scale both sides to size_px; the aspect is not kept.
    mean and std are per channel, for values scaled to 0..1.
    """

    size_px: int
    resize: Resize
    resize_px: int
    interpolation: Interpolation
    mean: tuple[float, float, float]
    std: tuple[float, float, float]


@dataclass(frozen=True)
class VisionRule:
    """What the tensors of a vision tower do not say. `pooling`: the class token, or an attention head."""

    heads: int
    activation: Activation
    norm_eps: float
    pooling: Literal["cls", "attention"]


@dataclass(frozen=True)
class TextRule:
    """What the tensors of a text tower do not say, and how text becomes ids.

    pooling `eos` takes the token at the first eos_id, `last` the token at the last position.
    canonicalise: lower case and no punctuation before the tokenizer, as SigLIP was trained.
    """

    heads: int
    activation: Activation
    norm_eps: float
    causal: bool
    pooling: Literal["eos", "last"]
    context_length: int
    pad_id: int
    eos_id: int
    canonicalise: bool


@dataclass(frozen=True)
class Depths:
    """How many blocks each tower has by the checkpoint's config; None where it says nothing.

    Blocks are counted in the file. If its last ones are lost, every tensor left still fits, and only this
    number tells.
    """

    vision: int | None = None
    text: int | None = None


@dataclass(frozen=True)
class Card:
    """A model as data. A new variant of the family is a new card; nothing in code depends on a name.

    repo and revision say where the hub keeps it; None for a card read off a local folder.
    weights and tokenizer are file names inside the checkpoint's folder.
    """

    name: str
    dim: int
    image: ImageRule
    vision: VisionRule
    text: TextRule | None
    weights: str
    tokenizer: str | None
    repo: str | None
    revision: str | None
    licence: str
    source: str
    about: str
    bundled: bool = False
    depths: Depths = Depths()

    @property
    def embeds_text(self) -> bool:
        return self.text is not None
