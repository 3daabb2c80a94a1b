"""The models that one process serves, by name, on one device. Does not know HTTP, or how models are made."""

import logging
from collections.abc import Callable, Sequence

from sightline.domain.collections import Space
from sightline.domain.errors import (
    NotReadyError,
    SettingsError,
    SpaceMismatchError,
    UnknownServedModelError,
)
from sightline.services.embedding import EmbeddingService
from sightline.services.model import Model
from sightline.services.workshop import Workshop

log = logging.getLogger(__name__)


class ServedModels:
    """Made by bootstrap with the wanted names, loaded once, then asked by name. The first is the default.

    loader: a name to a Model, blocking. Every model shares the workshop's threads and its device queue.
    """

    def __init__(self, names: Sequence[str], *, loader: Callable[[str], Model], workshop: Workshop) -> None:
        self._wanted = tuple(names)
        self._loader = loader
        self._services: dict[str, EmbeddingService] = {}
        self._aliases: dict[str, str] = {}  # the name as configured, and the hub's, to the card's
        self.workshop = workshop

    @property
    def is_loaded(self) -> bool:
        return bool(self._services)

    @property
    def names(self) -> list[str]:
        """The cards' names, the default first; empty before load()."""
        return list(self._services)

    def load(self) -> None:
        """Load and warm every model, in order; blocks. Nothing is served until all are ready. Once is enough.

        Raises ModelError, EngineError: one cannot be loaded; SettingsError: two are the same.
        """
        if self._services:
            return
        services: dict[str, EmbeddingService] = {}
        for wanted in self._wanted:
            service = EmbeddingService(wanted, loader=self._loader, workshop=self.workshop)
            service.load_model()
            card = service.model.card
            if card.name in services:
                raise SettingsError(
                    f"models lists {card.name!r} twice, the second time as {wanted!r}; name it once"
                )
            services[card.name] = service
            self._aliases |= {name: card.name for name in (wanted, card.repo, card.name) if name}
            self.workshop.metrics.serves(card.name, _labels(service))
            log.info("model ready", extra={"fields": _facts(service)})
        self._services = services

    def get(self, name: str | None = None) -> EmbeddingService:
        """The service of a model by its card's name or its hub id; None asks for the default.

        Raises UnknownServedModelError: it is not served; NotReadyError: the models are still loading.
        """
        if not self._services:
            raise NotReadyError("the model is still loading; try again in a few seconds")
        if name is None:
            return next(iter(self._services.values()))
        known = self._aliases.get(name)
        if known is None:
            served = ", ".join(self._services)
            raise UnknownServedModelError(f"the model {name[:200]!r} is not served here; served: {served}")
        return self._services[known]

    def for_space(self, space: Space) -> EmbeddingService:
        """The service whose vectors can be compared with those of a space.

        Raises SpaceMismatchError: none is served; NotReadyError: the models are still loading.
        """
        if not self._services:
            raise NotReadyError("the model is still loading; try again in a few seconds")
        for service in self._services.values():
            if service.model.fingerprint == space.fingerprint:
                return service
        served = ", ".join(f"{name} ({one.model.fingerprint[:16]})" for name, one in self._services.items())
        raise SpaceMismatchError(
            f"the collection holds vectors of {space.model} ({space.fingerprint[:16]}), and served are "
            f"{served}: serve that model too, or re-embed the collection"
        )

    def close(self) -> None:
        """Answer what is under way, then end the threads."""
        self.workshop.close()


def _facts(service: EmbeddingService) -> dict[str, object]:
    card, engine = service.model.card, service.model.engine
    return {
        "model": card.name,
        "engine": engine.name,
        "device": engine.device,
        "precision": engine.precision,
        "dim": card.dim,
        "load_s": round(service.load_s, 3),
        "warm_up_s": round(service.warm_up_s, 3),
    }


def _labels(service: EmbeddingService) -> dict[str, str]:
    engine = service.model.engine
    facts = {"engine": engine.name, "device": engine.device, "precision": engine.precision}
    return {**facts, "fingerprint": service.model.fingerprint}
