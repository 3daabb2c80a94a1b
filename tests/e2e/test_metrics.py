"""What /metrics tells: read as Prometheus reads it, from a real server."""

import socket

import httpx
from prometheus_client.parser import text_string_to_metric_families

from tests.e2e.serving import running
from tests.fakes import png

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def samples(client: httpx.Client) -> Samples:
    answer = client.get("/metrics")
    assert answer.status_code == 200
    families = text_string_to_metric_families(answer.text)
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in families
        for sample in family.samples
    }


def value(found: Samples, name: str, **labels: str) -> float:
    """The sum over all series of a name that have these labels."""
    return sum(
        number for (own, its), number in found.items() if own == name and labels.items() <= dict(its).items()
    )


def test_a_picture_and_a_text_are_counted_in_every_stage() -> None:
    with running() as server:
        before = samples(server.client)
        server.client.post("/embed-image", files={"file": png()})
        server.client.post("/embed/text", json={"text": "a red shoe"})
        found = samples(server.client)
    for tower, route in (("vision", "/embed-image"), ("text", "/embed/text")):
        first = ("decode", "preprocess") if tower == "vision" else ("tokenize",)
        for stage in (*first, "queue", "forward"):
            name, labels = "sightline_stage_seconds_count", {"stage": stage, "model": "fake", "tower": tower}
            assert value(found, name, **labels) - value(before, name, **labels) == 1
        assert value(found, "sightline_request_seconds_count", route=route, status="200") == 1
        grown = value(found, "sightline_batch_items_sum", tower=tower)
        assert grown - value(before, "sightline_batch_items_sum", tower=tower) == 1
    assert value(found, "sightline_held_tokens") == 0
    assert value(found, "process_resident_memory_bytes") > 1e6


def test_refusals_are_counted_by_their_code() -> None:
    with running(api_key="a long enough key") as server:
        key = {"authorization": "Bearer a long enough key"}
        server.client.post("/embed-image", files={"file": b"no picture"}, headers=key)
        server.client.get("/nothing", headers=key)
        server.client.get("/v1/models")
        found = samples(server.client)
    for code in ("unsupported_format", "not_found", "unauthorized"):
        assert value(found, "sightline_rejected_total", reason=code) == 1


def test_what_is_refused_below_the_application_is_counted_too() -> None:
    with running() as server:
        host, port = server.url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=10) as line:
            line.sendall(b"this is no HTTP\r\n\r\n")
            assert line.recv(4096).startswith(b"HTTP/1.1 400")
        found = samples(server.client)
    assert value(found, "sightline_rejected_total", reason="invalid_request") == 1


def test_addresses_that_clients_make_up_take_no_memory() -> None:
    with running() as server:
        for number in range(50):
            server.client.get(f"/made/up/{number}")
            server.client.get(f"/v1/models/{number}")
        found = samples(server.client)
    routes = {dict(its)["route"] for own, its in found if own == "sightline_request_seconds_count"}
    assert routes <= {"none", "/v1/models/{model:path}", "/readyz", "/metrics"}
    assert value(found, "sightline_request_seconds_count", route="none", status="404") == 50


def test_what_is_served_is_told_with_its_fingerprint() -> None:
    with running() as server:
        fingerprint = server.client.get("/v1/models").json()["data"][0]["fingerprint"]
        found = samples(server.client)
    assert value(found, "sightline_model_info", model="fake", engine="fake", fingerprint=fingerprint) == 1


def test_answers_tell_where_their_time_went() -> None:
    with running() as server:
        answer = server.client.post("/embed-image", files={"file": png()})
        total, queue, forward = (
            float(answer.headers[f"x-{part}-ms"]) for part in ("total", "queue", "inference")
        )
        assert 0 <= queue <= total
        assert 0 < forward <= total
        assert "x-queue-ms" not in server.client.get("/v1/models").headers
