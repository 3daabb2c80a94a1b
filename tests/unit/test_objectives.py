"""Which requests spend the error budget: those that the server failed, and nobody else's."""

import asyncio
from types import SimpleNamespace

import pytest
from starlette.types import Message, Scope

from sightline.environment import read_settings
from sightline.observe.budget import ErrorBudgets, Events
from sightline.services.served import ServedModels
from sightline.services.workshop import Workshop
from sightline.settings import P95_MS
from sightline.web.app import create_app
from sightline.web.edge import Edge
from sightline.web.limits import Gate
from sightline.web.objectives import GROUPS, budgets_for, count
from sightline.web.probes import router as probes
from sightline.web.state import ServerState
from tests.fakes import fake_model


@pytest.fixture
def budgets() -> ErrorBudgets:
    return budgets_for(read_settings({}, {"slo_p95_ms": {"embed": 200}}))


def events(budgets: ErrorBudgets) -> list[Events]:
    """Of the group embed: of availability and of latency."""
    return [budget.events() for budget in budgets if budget.objective.group == "embed"]


def taken(path: str) -> Scope:
    return {"path": "/somewhere/else", "route": SimpleNamespace(path=path)}


@pytest.mark.parametrize("status", [500, 503, 504, 429, 0])
def test_what_the_server_could_not_answer_is_bad(budgets: ErrorBudgets, status: int) -> None:
    count(budgets, taken("/embed-image"), status, 0.1)
    assert events(budgets) == [Events(0, 1), Events(0, 0)]


@pytest.mark.parametrize("status", [400, 401, 404, 405, 408, 413, 415, 431, 499])
def test_what_the_client_did_wrong_is_no_event(budgets: ErrorBudgets, status: int) -> None:
    count(budgets, taken("/embed-image"), status, 0.1)
    assert events(budgets) == [Events(0, 0), Events(0, 0)]


def test_an_answer_is_good_and_fast_or_slow(budgets: ErrorBudgets) -> None:
    count(budgets, taken("/v1/embeddings"), 200, 0.2)
    count(budgets, taken("/v1/embeddings"), 200, 0.3)
    assert events(budgets) == [Events(2, 0), Events(1, 1)]


@pytest.mark.parametrize("path", ["/livez", "/metrics", "/docs", "/v1/models", "/v1/slo", "/none/such"])
def test_probes_lists_and_pages_are_in_no_group(budgets: ErrorBudgets, path: str) -> None:
    count(budgets, taken(path), 500, 0.1)
    assert events(budgets) == [Events(0, 0), Events(0, 0)]


def test_refused_before_a_route_is_sought_counts_for_its_path() -> None:
    """A draining server refuses at the gate, where no route is known yet; its clients failed all the same."""
    state = ServerState(read_settings({}), ServedModels(["fake"], loader=fake_model, workshop=Workshop()))
    state.is_draining = True

    async def ask(path: str) -> None:
        async def receive() -> Message:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Message) -> None:
            pass

        gate = Gate(lambda *_: pytest.fail("the gate let it in"), state)
        edge = Edge(gate, state.served.workshop.metrics, state.budgets)
        await edge({"type": "http", "method": "POST", "path": path, "headers": []}, receive, send)

    asyncio.run(ask("/embed-image"))
    asyncio.run(ask("/made/up"))
    assert events(state.budgets) == [Events(0, 1), Events(0, 0)]


def test_every_route_that_takes_work_has_a_group_and_every_group_an_objective() -> None:
    """A new route must say whose budget it spends."""
    settings = read_settings({})
    app = create_app(settings, ServedModels(["fake"], loader=fake_model, workshop=Workshop()))
    working = {path for path, methods in app.openapi()["paths"].items() if "post" in methods}
    assert working == set(GROUPS)
    assert set(GROUPS.values()) == set(P95_MS) == set(settings.slo_p95_ms)
    assert not {route.path for route in probes.routes} & set(GROUPS)
