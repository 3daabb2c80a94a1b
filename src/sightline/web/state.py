"""What a route may ask of the server it runs in. Does not know routes."""

import asyncio
import secrets
import time
from dataclasses import dataclass, field

from fastapi import Request

from sightline.observe.budget import ErrorBudgets
from sightline.services.collections.library import Library
from sightline.services.embedding import EmbeddingService
from sightline.services.served import ServedModels
from sightline.settings import Settings
from sightline.web.objectives import budgets_for
from sightline.web.threads import Threads

PROBES = frozenset({"/livez", "/readyz", "/health", "/healthz", "/api/ai/health", "/metrics"})

METRICS = "metrics"  # under which the lifespan leaves them for what stands below the application


@dataclass
class ServerState:
    """One per app. is_draining, failure and what is counted change while it runs; nothing else does."""

    settings: Settings
    served: ServedModels
    library: Library | None = None
    started_at: float = field(default_factory=time.time)
    is_draining: bool = False
    streams: int = 0  # of events, open now
    maps: int = 0  # being sent
    long_works: int = 0  # through whole collections, under way
    threads: Threads = field(default_factory=Threads)
    failure: str | None = None  # why the models could not be loaded
    proving: asyncio.Lock = field(
        default_factory=asyncio.Lock
    )  # held while a probe runs a forward of its own
    # whoever can read it in the library's folder may do with the library what its owner may
    token: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)
    budgets: ErrorBudgets = field(init=False)

    def __post_init__(self) -> None:
        self.budgets = budgets_for(self.settings)

    @property
    def status(self) -> str:
        """ok, or why no request can be answered now."""
        if self.is_draining:
            return "draining"
        if self.failure is not None:
            return "failed"
        if not self.served.is_loaded:
            return "loading"
        batcher = self.served.workshop.batcher
        if batcher.is_stalled:
            return "forward does not end"
        return "ok" if batcher.is_alive else "worker stopped"


def state_of(request: Request) -> ServerState:
    state: ServerState = request.app.state.sightline
    return state


def service_for(request: Request, model: str | None) -> EmbeddingService:
    """The service of a model, asked before the body is read: a loading server need not read it.

    Raises UnknownServedModelError, NotReadyError.
    """
    return state_of(request).served.get(model)
