"""/v1/embeddings and /v1/models as OpenAI's own client, and others, use them."""

import base64
from collections.abc import Iterator

import httpx
import numpy as np
import openai
import pytest

from tests.e2e.serving import Running, running
from tests.fakes import DIM, SIZE_PX, fake_model, png

PICTURE = png(7)
BASE64 = base64.b64encode(PICTURE).decode()
DATA_URI = f"data:image/png;base64,{BASE64}"


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    with running(
        lambda name: fake_model(name, repo=f"org/{name}"), models=("fake", "other"), max_items=64
    ) as made:
        yield made


@pytest.fixture(scope="module")
def client(server: Running) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{server.url}/v1", api_key="unused", max_retries=0) as made:
        yield made


def embed(server: Running, **body: object) -> httpx.Response:
    return server.client.post("/v1/embeddings", json=body)


def vectors(response: httpx.Response) -> np.ndarray:
    assert response.status_code == 200, response.text
    entries = response.json()["data"]
    assert [entry["index"] for entry in entries] == list(range(len(entries)))
    return np.array([entry["embedding"] for entry in entries], dtype=np.float32)


def picture_vector() -> np.ndarray:
    return fake_model().embed_images([PICTURE])[0]


def text_vectors(*texts: str) -> np.ndarray:
    return fake_model().embed_texts(texts)


def refused(response: httpx.Response, status: int, code: str, param: str | None = None) -> str:
    """The message of a refusal, which must have OpenAI's shape."""
    assert response.status_code == status, response.text
    error = response.json()["error"]
    assert set(error) == {"message", "type", "param", "code"}
    assert error["code"] == code
    if param is not None:
        assert error["param"] == param
    return str(error["message"])


def test_openais_client_gets_vectors_in_its_default_base64(client: openai.OpenAI) -> None:
    answer = client.embeddings.create(model="fake", input=["a red dress", "a mug"])
    np.testing.assert_allclose([item.embedding for item in answer.data], text_vectors("a red dress", "a mug"))
    assert answer.model == "fake"
    assert answer.usage.prompt_tokens == answer.usage.total_tokens > 0


def test_openais_client_gets_floats(client: openai.OpenAI) -> None:
    answer = client.embeddings.create(model="fake", input="a red dress", encoding_format="float")
    np.testing.assert_allclose(answer.data[0].embedding, text_vectors("a red dress")[0], atol=1e-6)


def test_openais_client_lists_and_finds_models(client: openai.OpenAI) -> None:
    assert [model.id for model in client.models.list()] == ["fake", "other"]
    assert client.models.retrieve("org/other").id == "other"


def test_openais_client_meets_its_own_errors(client: openai.OpenAI) -> None:
    with pytest.raises(openai.NotFoundError, match="'gpt' is not served here; served: fake, other") as caught:
        client.embeddings.create(model="gpt", input="a")
    assert caught.value.code == "model_not_found"
    with pytest.raises(openai.BadRequestError):
        client.embeddings.create(model="fake", input=[])
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("gpt")


def test_base64_is_little_endian_float32(server: Running) -> None:
    response = embed(server, input="a", encoding_format="base64")
    raw = base64.b64decode(response.json()["data"][0]["embedding"])
    np.testing.assert_array_equal(np.frombuffer(raw, dtype="<f4"), text_vectors("a")[0])


@pytest.mark.parametrize(
    "body",
    [
        {"input": [{"image": DATA_URI}]},
        {"input": [{"image": BASE64}]},
        {"input": {"image": BASE64.rstrip("=")}},
        {"input": [{"image": base64.urlsafe_b64encode(PICTURE).decode()}]},
        {"input": [{"image": base64.encodebytes(PICTURE).decode()}]},
        {"input": [{"type": "image_url", "image_url": {"url": DATA_URI}}]},
        {"input": [{"type": "image_url", "image_url": DATA_URI}]},
        {"input": [DATA_URI], "modality": "image"},
        {"input": DATA_URI, "modality": "image"},
        {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": DATA_URI}}]}]},
    ],
)
def test_every_way_to_send_a_picture_gives_the_same_vector(server: Running, body: dict[str, object]) -> None:
    np.testing.assert_allclose(vectors(embed(server, **body)), [picture_vector()], atol=1e-6)


@pytest.mark.parametrize(
    "body",
    [
        {"input": "a mug"},
        {"input": ["a mug"]},
        {"input": [{"text": "a mug"}]},
        {"input": [{"type": "text", "text": "a mug"}]},
        {"messages": [{"role": "user", "content": "a mug"}]},
    ],
)
def test_every_way_to_send_a_text_gives_the_same_vector(server: Running, body: dict[str, object]) -> None:
    np.testing.assert_allclose(vectors(embed(server, **body)), text_vectors("a mug"), atol=1e-6)


def test_a_mixed_list_keeps_its_order(server: Running) -> None:
    response = embed(server, input=["one", {"image": DATA_URI}, {"text": "two"}])
    one, two = text_vectors("one", "two")
    np.testing.assert_allclose(vectors(response), [one, picture_vector(), two], atol=1e-6)


def test_the_model_may_be_named_by_its_hub_id_or_left_out(server: Running) -> None:
    assert embed(server, input="a", model="org/other").json()["model"] == "other"
    assert embed(server, input="a").json()["model"] == "fake"


def test_each_item_may_fail_for_itself(server: Running) -> None:
    items = [
        "ok",
        {"image": "%%%"},
        {"image": base64.b64encode(b"no picture").decode()},
        [1, 2],
        {"image": DATA_URI},
    ]
    data = embed(server, input=items, on_error="item").json()["data"]
    assert [entry["index"] for entry in data] == [0, 1, 2, 3, 4]
    assert [entry["embedding"] is None for entry in data] == [False, True, True, True, False]
    assert [entry.get("error", {}).get("code") for entry in data] == [
        None, "invalid_request", "unsupported_format", "invalid_request", None,
    ]  # fmt: skip


def test_all_or_none_names_the_item(server: Running) -> None:
    message = refused(embed(server, input=["ok", {"image": "%%%"}]), 400, "invalid_request")
    assert "item 1 of 2" in message
    broken = {"image": base64.b64encode(b"GIF89a broken").decode()}
    assert "item 0 of 2" in embed(server, input=[broken, "ok"]).json()["error"]["message"]


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"input": []}, "input"),
        ({}, "input"),
        ({"input": None}, "input"),
        ({"input": "  "}, None),
        ({"input": [1, 2, 3]}, None),
        ({"input": [[1, 2, 3]]}, None),
        ({"input": [{"sound": "x"}]}, None),
        ({"input": [None]}, None),
        ({"input": 5}, None),
        ({"input": ["a"] * 65}, "input"),
        ({"input": "a" * 40_000}, None),
        ({"input": "a", "dimensions": 8}, "dimensions"),
        ({"input": "a", "encoding_format": "int8"}, "encoding_format"),
        ({"input": "a", "model": 5}, "model"),
        ({"input": "a", "on_error": "ignore"}, "on_error"),
        ({"input": "a", "messages": []}, "messages"),
        ({"messages": []}, "messages"),
        ({"messages": [{"role": "user", "content": ["a", "b"]}]}, "messages"),
        ({"messages": "a"}, "messages"),
        ({"input": [{"image": "data:image/png,raw"}]}, None),
        ({"input": [{"image": "file:///etc/passwd"}]}, None),
        ({"input": [{"image": "../secret.png"}]}, None),
    ],
)
def test_what_cannot_be_read_is_refused_with_the_reason(
    server: Running, body: dict[str, object], param: str | None
) -> None:
    refused(embed(server, **body), 400, "invalid_request", param)


def test_dimensions_equal_to_the_models_own_are_no_wish(server: Running) -> None:
    assert vectors(embed(server, input="a", dimensions=DIM)).shape == (1, DIM)


def test_infinitys_clients_send_zero_dimensions_for_the_models_own(server: Running) -> None:
    assert vectors(embed(server, input=["a"], dimensions=0, modality="text")).shape == (1, DIM)


def test_null_is_as_good_as_absent(server: Running) -> None:
    """LiteLLM sends it for what its caller left out."""
    names = ("model", "messages", "modality", "encoding_format", "dimensions", "on_error", "user")
    assert vectors(embed(server, input="a", **dict.fromkeys(names))).shape == (1, DIM)


def test_a_picture_by_url_is_refused_until_fetching_is_built(server: Running) -> None:
    for url in ("http://127.0.0.1/x.png", "HTTPS://example.com/x.png"):
        message = refused(embed(server, input=[{"image": url}]), 400, "url_fetch_off")
        assert "data URI" in message


def test_a_model_tells_what_it_is(server: Running) -> None:
    model = server.client.get("/v1/models/other").json()
    assert model["dim"] == DIM
    assert model["modalities"] == ["image", "text"]
    assert model["image_size"] == SIZE_PX
    assert (model["engine"], model["precision"]) == ("fake", "f32")
    assert model["fingerprint"] == "space-of-other"


def test_the_examples_in_the_openapi_document_work(server: Running) -> None:
    for path, methods in server.client.get("/openapi.json").json()["paths"].items():
        # tests/e2e/test_collections.py: they need a library
        if path.startswith(("/v1/collections", "/v1/store", "/v1/library", "/v1/backup")):
            continue
        contents = methods.get("post", {}).get("requestBody", {}).get("content", {})
        for example in contents.get("application/json", {}).get("schema", {}).get("examples", []):
            body = {**example, **({"model": "fake"} if "model" in example else {})}
            assert server.client.post(path, json=body).status_code == 200, path


def test_the_openapi_document_shows_requests_and_answers(server: Running) -> None:
    document = server.client.get("/openapi.json").json()
    body = document["paths"]["/v1/embeddings"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert {"input", "modality", "on_error", "encoding_format"} <= set(body["properties"])
    answer = document["paths"]["/v1/embeddings"]["post"]["responses"]["200"]["content"]["application/json"]
    assert answer["schema"]["$ref"].endswith("EmbeddingsAnswer")
    upload = document["paths"]["/embed-image"]["post"]["requestBody"]["content"]["multipart/form-data"][
        "schema"
    ]
    assert "file" in upload["properties"]
    assert not any("422" in way["responses"] for path in document["paths"].values() for way in path.values())
