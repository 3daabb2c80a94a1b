"""Joins checkpoint, graph, engine and service: the only place that knows all parts. Computes nothing."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Literal

from sightline.domain.errors import MissingFileError
from sightline.domain.ports import Engine, Tokenizer
from sightline.domain.records import Precision
from sightline.imaging.crops import CropRule
from sightline.imaging.decode import Limits
from sightline.models.binding import bind
from sightline.models.checkpoint import Checkpoint, find, fingerprint
from sightline.models.family import TextTensors
from sightline.models.graph import FamilyGraphs
from sightline.models.hub import Hub
from sightline.models.tokenizer import HubTokenizer
from sightline.registry import engine_class
from sightline.services.model import Model


@dataclass(frozen=True)
class LoadOptions:
    """How a model is loaded. threads: of the engine, None for all cores. crop_rule: None for no averaging."""

    engine: str = "auto"
    precision: Precision | Literal["auto"] = "auto"
    device: str = "auto"
    threads: int | None = None
    crop_rule: CropRule | None = None
    limits: Limits = field(default_factory=Limits)
    hub: Hub = field(default_factory=Hub)


def load_model(name: str, options: LoadOptions | None = None) -> Model:
    """The model behind a card's name, a local folder or a hub id.

    Raises ModelError: it cannot be found or read, or its files changed; EngineError: it cannot be run.
    """
    options = options or LoadOptions()
    checkpoint = find(name, options.hub)
    card = checkpoint.card
    # hashing reads every byte: it runs beside everything else, and nothing leaves before it has agreed
    with ThreadPoolExecutor(1, thread_name_prefix="verify") as pool:
        verdict = pool.submit(checkpoint.verify)
        engine = make_engine(options)
        vision, text = bind(card, checkpoint.tensors)
        graphs = FamilyGraphs(card, vision, text)
        tokenizer = _tokenizer(checkpoint, text)
        verdict.result()
    return Model(
        card,
        fingerprint=fingerprint(checkpoint, repr(options.crop_rule)),
        engine=engine,
        graphs=graphs,
        tokenizer=tokenizer,
        crop_rule=options.crop_rule,
        limits=options.limits,
        patch_px=vision.patch_px,
    )


def make_engine(options: LoadOptions) -> Engine:
    """Raises EngineUnavailableError: not installed, or it cannot do what the options ask."""
    engine: Engine = engine_class(options.engine)(
        precision=options.precision, device=options.device, threads=options.threads
    )
    return engine


def _tokenizer(checkpoint: Checkpoint, text: TextTensors | None) -> Tokenizer | None:
    """None for a model without text, and for a checkpoint without its tokenizer: that one still takes ids."""
    rule = checkpoint.card.text
    if rule is None or text is None:
        return None
    try:
        return HubTokenizer(checkpoint.tokenizer, rule, vocab=text.tokens.shape[0])
    except MissingFileError:
        return None
