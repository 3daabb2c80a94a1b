"""The error budget of a real server: what its clients saw, told by /v1/slo and by /metrics alike."""

import threading

import pytest

from sightline.services.model import Model
from sightline.web.slo import SloAnswer
from tests.e2e.serving import running
from tests.e2e.test_metrics import samples, value
from tests.fakes import fake_model, png

KEY = "a-key-of-some-length"


def test_requests_that_the_server_fails_spend_the_budget_and_those_of_others_do_not() -> None:
    may_load = threading.Event()

    def load_late(name: str) -> Model:
        may_load.wait(10)
        return fake_model(name)

    with running(load_late, is_awaited=False, slo_availability=0.9) as server:
        assert server.client.post("/embed/text", json={"text": "shoe"}).status_code == 503
        may_load.set()
        server.wait_until_ready()
        for _ in range(19):
            server.client.post("/embed/text", json={"text": "shoe"}).raise_for_status()
        server.client.post("/embed-image", files={"file": b"no picture"})
        server.client.get("/v1/models")
        told = SloAnswer.model_validate(server.client.get("/v1/slo").json())
        found = samples(server.client)
    availability, latency = (budget for budget in told.budgets if budget.group == "embed")
    assert (availability.sli, availability.good, availability.bad) == ("availability", 19, 1)
    assert (latency.sli, latency.good + latency.bad, latency.within_ms) == ("latency", 19, 1000)
    assert availability.budget_left == pytest.approx(0.5)
    assert set(availability.burn_rate) == {"5m", "1h", "6h", "3d"}
    assert availability.burn_rate["1h"] == pytest.approx(0.5)
    assert (told.window_days, told.counted_s < 60) == (30, True)
    its = {"group": "embed", "sli": "availability"}
    assert value(found, "sightline_slo_objective", **its) == 0.9
    assert value(found, "sightline_slo_events_total", outcome="good", **its) == 19
    assert value(found, "sightline_slo_events_total", outcome="bad", **its) == 1
    assert value(found, "sightline_slo_budget_left", **its) == pytest.approx(0.5)
    assert value(found, "sightline_slo_burn_rate", window="3d", **its) == pytest.approx(0.5)


def test_the_objective_of_a_group_is_a_setting() -> None:
    with running(slo_p95_ms="embed=250", slo_window_days=7) as server:
        told = SloAnswer.model_validate(server.client.get("/v1/slo").json())
    assert {budget.group: budget.within_ms for budget in told.budgets if budget.sli == "latency"} == {
        "embed": 250,
        "search": 1000,
        "ingest": 5000,
    }
    assert told.window_days == 7


def test_budgets_are_told_only_with_the_key() -> None:
    with running(api_key=KEY) as server:
        server.client.post("/embed-image", files={"file": png()})
        assert server.client.get("/v1/slo").status_code == 401
        answer = server.client.get("/v1/slo", headers={"authorization": f"Bearer {KEY}"})
    assert all(budget.good + budget.bad == 0 for budget in SloAnswer.model_validate(answer.json()).budgets)
