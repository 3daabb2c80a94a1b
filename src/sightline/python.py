"""Sightline from Python: load, and an embedding service for somebody's own server. Does not know HTTP."""

from pathlib import Path
from typing import Literal

from sightline.bootstrap import LoadOptions, load_model
from sightline.domain.errors import InvalidRequestError
from sightline.domain.records import Precision
from sightline.imaging.crops import CropRule
from sightline.models.hub import Hub
from sightline.services import embedding
from sightline.services.model import Model


def load(
    name: str | Path,
    engine: str = "auto",
    precision: Precision | Literal["auto"] = "auto",
    device: str = "auto",
    *,
    tta: bool | CropRule | None = None,
    threads: int | None = None,
    cache_dir: str | Path | None = None,
    token: str | None = None,
    offline: bool = False,
) -> Model:
    """A model, ready to embed.

    name: a card's name (see `sightline models list`), a checkpoint's folder, or a hub id.
    tta: average crops of each picture; True takes the default rule. threads: of the engine, None for all.
    cache_dir, token, offline: where hub checkpoints are kept, and how they are fetched.
    Raises ModelError: the checkpoint cannot be found, read or trusted; EngineError: it cannot be run;
    InvalidRequestError: tta is no rule.
    """
    if not isinstance(tta, bool | CropRule | None):
        raise InvalidRequestError(f"tta is {tta!r}; give True, False or a CropRule")
    crop_rule = CropRule() if tta is True else (tta or None)
    hub = Hub(cache_dir=Path(cache_dir) if cache_dir else None, token=token, offline=offline)
    options = LoadOptions(
        engine=engine, precision=precision, device=device, threads=threads, crop_rule=crop_rule, hub=hub
    )
    return load_model(str(name), options)


class EmbeddingService(embedding.EmbeddingService):
    """A model behind a queue, for a server of your own; see services/embedding.

    model: as for `load`, or a Model. max_concurrent: how many pictures are prepared at once.
    """

    def __init__(self, model: str | Model = "mini", *, max_concurrent: int = 4) -> None:
        super().__init__(model, max_concurrent=max_concurrent, loader=load)
