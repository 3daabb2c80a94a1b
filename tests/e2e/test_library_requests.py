"""What the library's routes are asked, and how they say it can be asked."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sightline.catalogue.database import Database
from sightline.catalogue.jobs import SqlLedger
from sightline.catalogue.record import SqlRecord
from tests.e2e.serving import Running, running
from tests.fakes import png
from tests.records import SPACE

JOBS = 7


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server whose library has jobs that wait."""
    home = tmp_path_factory.mktemp("home")
    database = Database.in_folder(home)
    SqlRecord(database).create("old", SPACE)
    ledger = SqlLedger(database)
    for _ in range(JOBS):
        ledger.cancel(ledger.create("ingest", "old", {}).id)
    database.close()
    with running(home=str(home)) as server:
        server.client.post("/v1/collections", json={"name": "new"}).raise_for_status()
        yield server


@pytest.fixture(scope="module")
def document(server: Running) -> dict[str, Any]:
    found: dict[str, Any] = server.client.get("/openapi.json").json()
    return found


def parts_of(value: object) -> Iterator[dict[str, Any]]:
    """Every object in a document."""
    if isinstance(value, dict):
        yield value
    for one in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from parts_of(one)


def test_every_reference_in_the_document_leads_somewhere(document: dict[str, Any]) -> None:
    references = {part["$ref"] for part in parts_of(document) if isinstance(part.get("$ref"), str)}
    assert references
    for reference in references:
        found = document
        for name in reference.removeprefix("#/").split("/"):
            assert name in found, reference
            found = found[name]


def test_the_document_tells_the_bounds_of_every_list(document: dict[str, Any]) -> None:
    parameters = [part for part in parts_of(document["paths"]) if part.get("in") == "query"]
    numbers = [part for part in parameters if part["name"] in ("limit", "offset")]
    assert len(numbers) >= 6
    for part in numbers:
        assert {"minimum", "maximum"} <= set(part["schema"]), part
    [search] = [one for path, one in document["paths"].items() if path.endswith("/search")]
    fields = search["post"]["requestBody"]["content"]["application/json"]["schema"]["properties"]
    assert (fields["k"]["minimum"], fields["k"]["maximum"]) == (1, 1000)
    assert fields["offset"]["maximum"] == 10_000
    assert fields["query"]["anyOf"][0]["items"]["properties"]["weight"]["type"] == "number"


def test_jobs_come_page_by_page_the_newest_first(server: Running) -> None:
    seen: list[int] = []
    offset: int | None = 0
    while offset is not None:
        page = server.client.get(
            "/v1/jobs", params={"offset": offset, "limit": 3, "collection": "old"}
        ).json()
        seen += [job["id"] for job in page["jobs"]]
        offset = page["next_offset"]
    assert seen == sorted(seen, reverse=True)
    assert len(seen) == JOBS


@pytest.mark.parametrize(
    ("path", "methods"),
    [
        ("/v1/collections", "GET, HEAD, OPTIONS, POST"),
        ("/v1/collections/new", "DELETE, GET, HEAD, OPTIONS"),
        ("/v1/collections/new/search", "OPTIONS, POST"),
        ("/v1/store", "GET, HEAD, OPTIONS, POST"),
        ("/v1/jobs", "GET, HEAD, OPTIONS"),
    ],
)
def test_an_address_tells_all_methods_that_it_takes(server: Running, path: str, methods: str) -> None:
    asked = server.client.options(path)
    assert (asked.status_code, asked.headers["allow"], asked.content) == (204, methods, b"")
    refused = server.client.put(path)
    assert (refused.status_code, refused.headers["allow"]) == (405, methods)
    assert refused.json()["error"]["code"] == "method_not_allowed"
    assert server.client.options("/nowhere").status_code == 404


@pytest.mark.parametrize(
    ("path", "body", "param"),
    [
        ("/v1/collections/new/search", {"text": "a", "k": True}, "k"),
        ("/v1/collections/new/search", {"text": "a", "offset": False}, "offset"),
        ("/v1/collections/new/search", {"text": "a", "weight": True}, "weight"),
        ("/v1/collections/new/search", {"vector": [True] * 16}, "vector.0"),
        ("/v1/collections/new/search", {"query": [{"text": "a", "weight": True}]}, "query.0.weight"),
        ("/v1/collections/new/search", {"text": "a", "k": "3"}, "k"),
        ("/v1/collections/new/search", {"text": "a", "exact": 1}, "exact"),
        ("/v1/collections/new/items", {"items": [{"text": "a"}], "wait": 1}, "wait"),
        ("/v1/collections/new/ingest", {"source": "/x", "hidden": "yes"}, "hidden"),
        ("/v1/embeddings", {"input": "a", "dimensions": True}, "dimensions"),
    ],
)
def test_a_truth_is_no_number_and_a_number_no_truth(
    server: Running, path: str, body: dict[str, object], param: str
) -> None:
    answer = server.client.post(path, json=body)
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, param), answer.text


def test_a_form_says_true_and_false_in_any_case_and_nothing_else(server: Running) -> None:
    picture = {"file": png()}
    for path, field in (("items", "wait"), ("search", "exact")):
        for said, status in (("True", 200), ("false", 200), ("0", 200), ("banana", 400)):
            answer = server.client.post(f"/v1/collections/new/{path}", data={field: said}, files=picture)
            assert answer.status_code == status, (field, said, answer.text)


def test_a_field_that_nobody_knows_is_refused_with_the_nearest_one(server: Running) -> None:
    path = "/v1/collections/new/search"
    picture = {"file": png()}
    for answer in (
        server.client.post(path, json={"text": "a", "ofset": 1}),
        server.client.post(path, data={"ofset": "1"}, files=picture),
    ):
        assert answer.status_code == 400
        assert answer.json()["error"]["message"] == "there is no field 'ofset'; did you mean 'offset'?"
    nested = server.client.post(path, json={"query": [{"text": "a", "weigth": 1}]}).json()["error"]
    assert (nested["param"], "did you mean 'weight'?" in nested["message"]) == ("query.0.weigth", True)
    items = server.client.post("/v1/collections/new/items", data={"meta": "{}"}, files=picture)
    assert items.json()["error"]["message"] == "there is no field 'meta'; did you mean 'metadata'?"


@pytest.mark.parametrize(
    ("method", "path", "said"),
    [
        ("POST", "/v1/collections/new/search?k=3", "there is no parameter 'k'; there are none"),
        ("GET", "/v1/collections/new/items?limits=3", "did you mean 'limit'?"),
        ("GET", "/v1/collections/new/export?vector=false", "did you mean 'vectors'?"),
        ("GET", "/v1/collections/new/duplicates?treshold=0.9", "did you mean 'threshold'?"),
        ("GET", "/v1/jobs?colection=new", "did you mean 'collection'?"),
    ],
)
def test_a_parameter_that_nobody_knows_is_refused_with_the_nearest_one(
    server: Running, method: str, path: str, said: str
) -> None:
    answer = server.client.request(method, path, json={} if method == "POST" else None)
    assert answer.status_code == 400
    assert said in answer.json()["error"]["message"]


def test_every_parameter_and_field_is_in_the_guide(document: dict[str, Any]) -> None:
    """Of the library's routes."""
    guide = (Path(__file__).parents[2] / "docs/guide/http.md").read_text(encoding="utf-8")
    words = set(re.findall(r"`([a-z_]+)`", guide))
    for path, methods in document["paths"].items():
        if not path.startswith(("/v1/collections", "/v1/jobs", "/v1/library", "/v1/backup", "/v1/store")):
            continue
        named = {part["name"] for part in parts_of(methods) if part.get("in") == "query"}
        for one in methods.values():
            content = one.get("requestBody", {}).get("content", {}).get("application/json", {})
            named |= set(content.get("schema", {}).get("properties", {}))
        assert named <= words, (path, named - words)


@pytest.mark.parametrize("name", ["a\0b", "two\nlines", "", "n" * 513])
def test_a_source_bears_no_name_that_a_record_or_a_screen_cannot(
    server: Running, tmp_path: Path, name: str
) -> None:
    asked = {"source": str(tmp_path), "name": name}
    answer = server.client.post("/v1/collections/named/ingest", json=asked)
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, "name"), answer.text
