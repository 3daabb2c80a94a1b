"""The HTTP application: routes, gates, a life from loading to draining. Does not know how models are made."""

import gc
import logging
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import anyio.to_thread
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi_offline import FastAPIOffline
from starlette.exceptions import HTTPException

from sightline.domain.errors import EngineError, SightlineError
from sightline.domain.ports import Fetcher
from sightline.observe.metrics import Metrics
from sightline.observe.traces import Traces
from sightline.services.collections.library import Library
from sightline.services.served import ServedModels
from sightline.settings import Settings
from sightline.version import VERSION
from sightline.web import (
    collections,
    datasets,
    inspection,
    items,
    jobs,
    maps,
    openai,
    page,
    pictures,
    probes,
    reports,
    rows,
    search,
    sheets,
    slo,
    sources,
    store,
    systems,
)
from sightline.web.downloads import Downloads
from sightline.web.edge import Edge
from sightline.web.errors import (
    RefusedError,
    answer_http_error,
    answer_known_error,
    answer_wrong_parameter,
)
from sightline.web.limits import Gate
from sightline.web.state import METRICS, ServerState
from sightline.web.tracing import TraceRing

log = logging.getLogger(__name__)

# in the order in which /docs shows them
PARTS = (
    openai, systems, collections, items, pictures, sources, search, maps, sheets, rows, reports, jobs,
    store, inspection, datasets, slo, probes, page,
)  # fmt: skip
CLOSE_S = 1.0  # a second signal does not cut it short

# Newer FastAPI tells of requests by itself where a variable or some library's global provider turns it on:
# query strings, messages of failures, a second span for each request. Older ones keep the word unread.
SILENT = {"auto_configure": False, "tracing": False, "metrics": False, "logs": False}


def create_app(
    settings: Settings,
    served: ServedModels,
    *,
    library: Library | None = None,
    fetcher: Fetcher | None = None,
    traces: Traces | None = None,
    on_failure: Callable[[], None] | None = None,
) -> FastAPI:
    """The application over models that are not loaded yet.

    The port is open while they load, and /readyz says so. on_failure: called when one cannot be loaded, to
    end the process; without it /livez turns 503 for whoever watches. library: at work and closed with the
    models; without one there are no collections. fetcher: None
    where no URLs are read. traces: closed too.
    """
    state = ServerState(settings, served, library)
    served.workshop.metrics.register(state.budgets)

    app = FastAPIOffline(
        title="Sightline",
        version=VERSION,
        lifespan=_life(state, traces, on_failure),
        redoc_url=None,
        description=systems.ABOUT,
        telemetry=SILENT,
    )
    app.state.sightline = state
    app.state.downloads = Downloads(fetcher, settings, served.workshop.metrics)
    for part in PARTS:
        app.include_router(part.router)
    _add_error_answers(app)
    _add_rings(app, state, traces)
    return app


def _life(
    state: ServerState, traces: Traces | None, on_failure: Callable[[], None] | None
) -> Callable[[FastAPI], AbstractAsyncContextManager[dict[str, Metrics]]]:
    """From loading to draining."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[dict[str, Metrics]]:
        # a daemon thread: told to end while a checkpoint is fetched, the process must not wait for it
        threading.Thread(target=_load, args=(state, on_failure), name="load", daemon=True).start()
        yield {METRICS: state.served.workshop.metrics}  # for refusals below the application
        state.is_draining = True
        if state.library is not None:
            await anyio.to_thread.run_sync(state.library.close)  # which bounds itself
        await anyio.to_thread.run_sync(_close, state.served)
        if traces is not None:
            await anyio.to_thread.run_sync(traces.close)
        gc.unfreeze()  # what would be left at the exit some packages take for leaks, and say so

    return lifespan


def _add_error_answers(app: FastAPI) -> None:
    app.add_exception_handler(SightlineError, answer_known_error)
    app.add_exception_handler(RefusedError, answer_known_error)
    app.add_exception_handler(HTTPException, answer_http_error)
    app.add_exception_handler(RequestValidationError, answer_wrong_parameter)


def _add_rings(app: FastAPI, state: ServerState, traces: Traces | None) -> None:
    """From the inside out: a refusal of the gate has its id and its line too, and that names the trace."""
    app.add_middleware(Gate, state=state)
    app.add_middleware(Edge, metrics=state.served.workshop.metrics, budgets=state.budgets)
    if traces is not None:
        app.add_middleware(TraceRing, traces=traces)


def _keep_for_good() -> None:
    """What is there by now stays: looking through it for garbage stopped all answers for 0.1 s at a time.

    In a rush of five times the peak the 99th percentile of refusals was 110 to 160 ms, and is 30 with this.
    """
    gc.collect()
    gc.freeze()


def _load(state: ServerState, on_failure: Callable[[], None] | None) -> None:
    try:
        if state.library is not None:
            state.library.start()
        state.served.load()
        if state.library is not None:
            _tell_unserved(state.library)
        _keep_for_good()
    except Exception as error:  # whatever it is, it must be told, and end the start
        state.failure = str(error) if isinstance(error, SightlineError) else type(error).__name__
        # an error of ours says all there is to say; of others, and of a runtime's, the trace is wanted
        says_all = isinstance(error, SightlineError) and not isinstance(error, EngineError)
        log.error(
            "the models could not be loaded",
            extra={"fields": {"reason": error}},
            exc_info=None if says_all else error,
        )
        if on_failure is not None:
            on_failure()


def _tell_unserved(library: Library) -> None:
    for one in library.unserved():
        facts = {"collection": one.name, "model": one.space.origin or one.space.model}
        log.warning(
            "a collection's model is not served here: add it to SIGHTLINE_MODELS", extra={"fields": facts}
        )


def _close(served: ServedModels) -> None:
    """For a bounded time: nobody waits for an answer any more, and a forward may never end."""
    closing = threading.Thread(target=served.close, name="close", daemon=True)
    closing.start()
    closing.join(CLOSE_S)
