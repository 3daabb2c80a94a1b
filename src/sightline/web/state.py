"""What a route may ask of the server it runs in. Does not know routes."""

import asyncio
import time
from dataclasses import dataclass, field

from fastapi import Request

from sightline.observe.budget import ErrorBudgets
from sightline.services.served import ServedModels
from sightline.settings import Settings
from sightline.web.objectives import budgets_for

PROBES = frozenset({"/livez", "/readyz", "/health", "/healthz", "/api/ai/health", "/metrics"})

METRICS = "metrics"  # under which the lifespan leaves them for what stands below the application


@dataclass
class ServerState:
    """One per app. is_draining and failure change while it runs; nothing else does."""

    settings: Settings
    served: ServedModels
    started_at: float = field(default_factory=time.time)
    is_draining: bool = False
    failure: str | None = None  # why the models could not be loaded
    proving: asyncio.Lock = field(
        default_factory=asyncio.Lock
    )  # held while a probe runs a forward of its own
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
