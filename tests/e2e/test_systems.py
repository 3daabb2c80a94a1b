"""The routes of the four systems, asked as their own clients ask."""

import base64
from collections.abc import Iterator

import numpy as np
import pytest

from tests.e2e.serving import Running, running
from tests.fakes import DIM, encoded, fake_model, png

PICTURE = png(3)
DATA_URI = f"data:image/png;base64,{base64.b64encode(PICTURE).decode()}"


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    with running() as made:
        yield made


def picture_vector(data: bytes = PICTURE) -> list[float]:
    vector: list[float] = fake_model().embed_images([data])[0].tolist()
    return vector


def test_the_stock_client_uploads_a_picture(server: Running) -> None:
    answer = server.client.post("/embed-image", files={"file": ("a.png", PICTURE, "image/png")}).json()
    assert set(answer) == {"embedding", "model", "device"}
    assert answer["embedding"] == pytest.approx(picture_vector(), abs=1e-6)
    assert (answer["model"], answer["device"]) == ("fake", "cpu")


def test_the_tuned_client_uploads_a_picture_or_sends_base64(server: Running) -> None:
    upload = server.client.post("/embed/image", files={"file": PICTURE}).json()
    as_json = server.client.post("/embed/image", json={"image": DATA_URI}).json()
    bare = server.client.post("/embed/image", content=PICTURE, headers={"content-type": "image/png"}).json()
    assert upload == as_json == bare
    assert upload["embedding"] == pytest.approx(picture_vector(), abs=1e-6)
    assert (upload["dim"], upload["model"]) == (DIM, "fake")


def test_the_tuned_client_sends_texts(server: Running) -> None:
    one = server.client.post("/embed/text", json={"text": "a mug"}).json()
    many = server.client.post("/embed/text/batch", json={"texts": ["a mug", "a dress"]}).json()
    expected = fake_model().embed_texts(["a mug", "a dress"])
    np.testing.assert_allclose(one["embedding"], expected[0], atol=1e-6)
    np.testing.assert_allclose(many["embeddings"], expected, atol=1e-6)
    assert (one["dim"], many["dim"], many["model"]) == (DIM, DIM, "fake")


def test_the_fashion_client_sends_a_data_uri(server: Running) -> None:
    answer = server.client.post("/api/ai/embed", json={"image_url": DATA_URI}).json()
    assert answer == {"embedding": pytest.approx(picture_vector(), abs=1e-6), "dimension": DIM}


def test_the_fashion_client_is_told_that_urls_are_not_fetched(server: Running) -> None:
    answer = server.client.post("/api/ai/embed", json={"image_url": "https://example.com/a.jpg"})
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "url_fetch_off"


def test_a_large_upload_with_line_ends_and_boundary_like_bytes_arrives_whole(server: Running) -> None:
    picture = encoded(1, (900, 700), "BMP")
    assert b"\r" in picture
    assert len(picture) > 1_500_000
    answer = server.client.post("/embed-image", files={"file": picture}).json()
    assert answer["embedding"] == pytest.approx(picture_vector(picture), abs=1e-6)


def test_other_form_fields_are_allowed_beside_the_file(server: Running) -> None:
    answer = server.client.post("/embed-image", files={"file": PICTURE}, data={"caption": "a", "tag": "b"})
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("route", "body"),
    [
        ("/embed/text", {"text": ""}),
        ("/embed/text", {"text": 5}),
        ("/embed/text", {}),
        ("/embed/text/batch", {"texts": []}),
        ("/embed/text/batch", {"texts": ["a", ""]}),
        ("/embed/text/batch", {"texts": "a"}),
        ("/embed/image", {"picture": "x"}),
        ("/api/ai/embed", {"image_url": "not base64 !"}),
        ("/api/ai/embed", {}),
    ],
)
def test_what_is_missing_or_wrong_is_told(server: Running, route: str, body: dict[str, object]) -> None:
    answer = server.client.post(route, json=body)
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "invalid_request"


def test_each_group_of_routes_may_have_its_own_model() -> None:
    routes = {"stock_model": "a", "tuned_model": "b", "fashion_model": "c"}
    with running(models=("default", "a", "b", "c"), **routes) as server:
        post = server.client.post
        assert post("/embed-image", files={"file": PICTURE}).json()["model"] == "a"
        assert post("/embed/text", json={"text": "x"}).json()["model"] == "b"
        assert server.client.get("/api/ai/health").json()["model_name"] == "c"
        assert post("/v1/embeddings", json={"input": "x"}).json()["model"] == "default"


def test_the_front_door_is_json_for_programs_and_a_page_for_browsers(server: Running) -> None:
    facts = server.client.get("/").json()
    assert facts["service"] == "sightline"
    assert facts["models"] == ["fake"]
    page = server.client.get("/", headers={"accept": "text/html,*/*"})
    assert page.headers["content-type"].startswith("text/html")
    assert page.headers["x-content-type-options"] == "nosniff"
    assert 'href="/docs"' in page.text or "href=/docs" in page.text  # the latter where it is not built


def test_every_route_on_the_front_door_exists(server: Running) -> None:
    document = server.client.get("/openapi.json").json()
    for route in server.client.get("/").json()["routes"]:
        method, path = route.split()
        assert path == "/docs" or method.lower() in document["paths"][path]
