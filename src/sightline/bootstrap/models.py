"""Joins checkpoint, graph, engine and service to what is served. Computes nothing, knows no collection."""

import contextlib
import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, get_args

from sightline.domain.errors import EngineUnavailableError, MissingFileError
from sightline.domain.ports import Engine, Fetcher, Tokenizer
from sightline.domain.records import Cuda, Precision
from sightline.imaging.crops import CropRule
from sightline.imaging.decode import Limits
from sightline.models.binding import bind
from sightline.models.checkpoint import Checkpoint, find, fingerprint
from sightline.models.family import TextTensors
from sightline.models.graph import FamilyGraphs
from sightline.models.hub import Hub
from sightline.models.tokenizer import HubTokenizer
from sightline.registry import PREFERRED, engine_class
from sightline.services.model import Model
from sightline.services.queueing import BatchLimits
from sightline.services.served import ServedModels
from sightline.services.workshop import Workshop
from sightline.settings import Settings
from sightline.sources.allowlist import Entry, neighbours
from sightline.sources.guard import Guard

log = logging.getLogger(__name__)

DEVICES = ("auto", "cpu", "cuda")


@dataclass(frozen=True)
class LoadOptions:
    """How a model is loaded. threads: of the engine, None for all cores. crop_rule: None for no averaging."""

    engine: str = "auto"
    precision: Precision | Literal["auto"] = "auto"
    device: str = "auto"
    threads: int | None = None
    cuda: Cuda = field(default_factory=Cuda)
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
        vocab=text.tokens.shape[0] if text else None,
        canary=checkpoint.canary,
        origin=checkpoint.origin,
    )


def build(settings: Settings) -> ServedModels:
    """What a server serves, not yet loaded: ServedModels.load does that."""
    workshop = Workshop(
        threads=settings.decode_threads or None,
        limits=BatchLimits(settings.max_batch_rows, settings.max_batch_cost),
        max_cost=settings.max_queue_cost,
        max_queue_s=settings.max_queue_ms / 1000,
        max_wait_s=settings.max_wait_ms / 1000,
        cache_bytes=settings.cache_bytes,
    )
    return ServedModels(settings.models, loader=lambda name: load_as(settings, name), workshop=workshop)


def make_fetcher(settings: Settings, stores: Sequence[str] = ()) -> Fetcher | None:
    """What reads URLs as the settings allow; None where they allow none.

    stores: their addresses; the machines there are never read from. Raises SettingsError: a host is none.
    """
    if settings.fetch_mode == "off":
        return None
    from sightline.sources.web import FetchLimits, WebFetcher  # 50 ms, for those who fetch

    guard = Guard(
        settings.fetch_mode,
        allowed=[Entry.parse(host) for host in settings.fetch_hosts],
        neighbours=[neighbour for store in stores for neighbour in neighbours(store)],
    )
    guard.refuse_port(settings.port)
    limits = FetchLimits(
        timeout_s=settings.fetch_timeout_s,
        max_bytes=settings.max_image_bytes,
        at_once=settings.fetch_at_once,
        per_host=settings.fetch_per_host,
    )
    return WebFetcher(guard, limits)


def load_as(settings: Settings, name: str) -> Model:
    """A model as the settings want it. Raises as load_model; SettingsError: they want what it cannot do."""
    model = load_model(name, load_options(settings))
    settings.check_model(
        model.card.name,
        size_px=model.card.image.size_px,
        engine=model.engine.name,
        device=model.engine.device,
    )
    return model


def load_options(settings: Settings) -> LoadOptions:
    """The part of the settings that a model is loaded by."""
    return LoadOptions(
        engine=settings.engine,
        precision=settings.precision,
        device="cuda" if settings.require_cuda else settings.device,
        cuda=Cuda(settings.cuda_device, tf32=settings.matmul_precision != "highest"),
        crop_rule=_crop_rule(settings),
        limits=Limits(
            max_image_bytes=settings.max_image_bytes,
            max_pixels=settings.max_pixels,
            max_side_px=settings.max_side_px,
            max_aspect=settings.max_aspect,
            max_decode_bytes=settings.max_decode_bytes,
        ),
        hub=hub_of(settings),
    )


def hub_of(settings: Settings) -> Hub:
    """Where the settings say that checkpoints come from."""
    return Hub(
        cache_dir=Path(settings.cache_dir) if settings.cache_dir else None,
        token=settings.hf_token.get_secret_value() if settings.hf_token else None,
        offline=settings.offline,
    )


def make_engine(options: LoadOptions) -> Engine:
    """The engine asked for, or for `auto` the first that is installed and can do what else is asked.

    Raises EngineUnavailableError: there is none.
    """
    _refuse_unknown(options)
    names = PREFERRED if options.engine == "auto" else (options.engine,)
    for name in names[:-1]:
        with contextlib.suppress(EngineUnavailableError):
            return _engine(name, options)
    return _engine(names[-1], options)


def _engine(name: str, options: LoadOptions) -> Engine:
    engine: Engine = engine_class(name)(
        precision=options.precision, device=options.device, threads=options.threads, cuda=options.cuda
    )
    return engine


def _refuse_unknown(options: LoadOptions) -> None:
    """An engine would take a precision or a device that it does not know for another."""
    for name, wanted, known in (
        ("precision", options.precision, ("auto", *get_args(Precision))),
        ("device", options.device, DEVICES),
    ):
        if wanted not in known:
            raise EngineUnavailableError(f"{name} {wanted!r} is not known; there are {', '.join(known)}")
    if options.threads is not None and options.threads < 1:
        raise EngineUnavailableError(f"threads is {options.threads}; give at least 1, or None for all cores")


def _tokenizer(checkpoint: Checkpoint, text: TextTensors | None) -> Tokenizer | None:
    """None for a model without text, and for a checkpoint without its tokenizer: that one still takes ids."""
    rule = checkpoint.card.text
    if rule is None or text is None:
        return None
    try:
        return HubTokenizer(checkpoint.tokenizer, rule, vocab=text.tokens.shape[0])
    except MissingFileError as missing:  # told now, not only to the first who sends a text
        log.warning("texts are refused", extra={"fields": {"reason": missing}})
        return None


def _crop_rule(settings: Settings) -> CropRule | None:
    if not (settings.five_crops or settings.multi_scale):
        return None
    return CropRule(
        multi_scale=settings.multi_scale,
        scale_factors=settings.scale_factors,
        max_dim_px=settings.max_dim_px,
        panorama_max_ratio=settings.panorama_max_ratio,
        five_crops=settings.five_crops,
        crop_size_px=settings.crop_size_px,
    )
