"""Whether the server lives and whether it can answer, told in every system's shape. Does not know requests.

All tell the same truth: ready is what a request sent now would find.
"""

import logging
import time

from fastapi import APIRouter, Request
from starlette.responses import Response

from sightline.domain.errors import SightlineError
from sightline.observe.metrics import CONTENT_TYPE
from sightline.services.embedding import EmbeddingService
from sightline.web.answers import json_answer
from sightline.web.errors import NOT_READY_RETRY_S
from sightline.web.state import ServerState, state_of

log = logging.getLogger(__name__)

HUNG_S = 60.0  # long enough for a machine that was suspended
PROOF_S = 5.0  # a forward that takes longer than this is no proof

router = APIRouter(tags=["probes"])


@router.get("/livez", summary="200 while the process should be left running")
async def live(request: Request) -> Response:
    """503 only where a restart is the cure: models that could not be loaded, a forward that never ends."""
    state = state_of(request)
    is_hung = state.served.workshop.batcher.stalled_for_s > HUNG_S
    status = "failed" if state.failure is not None else "forward does not end" if is_hung else "ok"
    return _answer({"status": status}, is_ready=status == "ok")


@router.get("/readyz", summary="200 while requests are answered")
async def ready(request: Request) -> Response:
    """A vector came out lately, or one is made now."""
    status = await _status(state_of(request))
    return _answer({"status": status}, is_ready=status == "ok")


@router.get("/health", summary="The stock system's probe")
async def stock_health(request: Request) -> Response:
    state = state_of(request)
    status = await _status(state)
    service = _service(state, state.settings.stock_model)
    device = service.model.engine.device if service else None
    facts = {"status": status, "model_loaded": service is not None, "device": device}
    return _answer(facts, is_ready=status == "ok")


@router.get("/healthz", summary="The tuned embedder's probe")
async def tuned_health(request: Request) -> Response:
    status = await _status(state_of(request))
    return _answer({"status": status}, is_ready=status == "ok")


@router.get("/api/ai/health", summary="The fashion system's probe")
async def fashion_health(request: Request) -> Response:
    state = state_of(request)
    status = await _status(state)
    service = _service(state, state.settings.fashion_model)
    facts = {
        "status": status,
        "model_loaded": service is not None,
        "model_name": service.model.card.name if service else None,
        "embedding_dimension": service.model.dim if service else None,
    }
    return _answer(facts, is_ready=status == "ok")


@router.get("/metrics", summary="For Prometheus")
async def metrics(request: Request) -> Response:
    """Asks as /readyz does, so that whoever reads only this knows it too."""
    await _status(state_of(request))
    return Response(state_of(request).served.workshop.metrics.text(), media_type=CONTENT_TYPE)


def _service(state: ServerState, name: str | None) -> EmbeddingService | None:
    return state.served.get(name) if state.served.is_loaded else None


async def _status(state: ServerState) -> str:
    status = await _proved_status(state)
    state.served.workshop.metrics.probed(is_ready=status == "ok")
    return status


async def _proved_status(state: ServerState) -> str:
    if state.status != "ok":
        return state.status
    async with state.proving:  # a hundred probes of an idle server cost one forward
        for name in state.served.names:
            service = state.served.get(name)
            if _is_proved(service, state.settings.ready_within_s):
                continue
            try:
                await service.prove(timeout_s=PROOF_S)
            except SightlineError as error:
                log.warning("not ready", extra={"fields": {"model": name, "reason": error}})
                return "no forward succeeds"
    return "ok"


def _is_proved(service: EmbeddingService, within_s: float) -> bool:
    return service.proved_at is not None and time.monotonic() - service.proved_at < within_s


def _answer(facts: dict[str, object], *, is_ready: bool) -> Response:
    if is_ready:
        return json_answer(facts)
    return json_answer(facts, status=503, headers={"retry-after": str(NOT_READY_RETRY_S)})
