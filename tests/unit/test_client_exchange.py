"""When a request is sent again, and what is said when it is not. Driven by hand: nothing is sent."""

import json

import httpx
import numpy as np
import pytest

from sightline.client import http
from sightline.client.calls import library, vectors, work
from sightline.client.exchange import JITTER, PATIENCE_S, PAUSE_S, TRIES, answered
from sightline.client.steps import Broken, Pause, Reply, Request, get, in_json, post
from sightline.domain.errors import InvalidRequestError, ServerAwayError, ServerRefusedError, SettingsError
from tests.clients import CLIENTS

GONE = Broken("http://here/v1/jobs", "connection refused")
DONE = Reply(200, {}, b"{}")


def refused(status, code="overloaded", **headers):
    body = json.dumps({"error": {"code": code, "message": f"it is {code}"}}).encode()
    return Reply(status, {name.replace("_", "-"): value for name, value in headers.items()}, body)


def driven(steps, outcomes):
    """What comes of a call whose requests come to `outcomes`; the requests, and the pauses between."""
    outcomes = iter(outcomes)
    requests, pauses = [], []
    try:
        step = next(steps)
        while True:
            if isinstance(step, Pause):
                pauses.append(step.seconds)
                step = steps.send(None)
            else:
                requests.append(step)
                step = steps.send(next(outcomes))
    except StopIteration as end:
        return end.value, requests, pauses


@pytest.mark.parametrize("status", [429, 503])
def test_busy_server_is_asked_again_not_before_the_time_it_names(status):
    reply, requests, pauses = driven(answered(post("/x", {})), [refused(status, retry_after="7"), DONE])
    assert reply == DONE
    assert requests == [post("/x", {})] * 2
    (pause,) = pauses
    assert 7 + PAUSE_S <= pause <= 7 + PAUSE_S * (1 + JITTER)


def test_clients_that_were_refused_together_do_not_come_back_together():
    pauses = {driven(answered(get("/x")), [refused(429), DONE])[2][0] for _ in range(20)}
    assert len(pauses) == 20


def test_pauses_grow_and_tries_end():
    with pytest.raises(ServerRefusedError, match="it is overloaded") as error:
        driven(answered(get("/x")), [refused(429, x_request_id="r7")] * TRIES)
    assert (error.value.code, error.value.request_id) == ("overloaded", "r7")
    _, _, pauses = driven(answered(get("/x")), [refused(429)] * (TRIES - 1) + [DONE])
    assert [pause >= PAUSE_S * 2**n for n, pause in enumerate(pauses)] == [True] * (TRIES - 1)


def test_who_would_have_to_wait_for_minutes_is_told_at_once():
    with pytest.raises(ServerRefusedError):
        driven(answered(get("/x")), [refused(429, retry_after=str(int(PATIENCE_S)))])


@pytest.mark.parametrize("code", ["library_off", "store_not_installed"])
def test_what_will_be_the_same_in_a_minute_is_not_asked_again(code):
    with pytest.raises(ServerRefusedError, match=code):
        driven(answered(get("/x")), [refused(503, code, retry_after="2")])


@pytest.mark.parametrize("status", [400, 404, 500, 504])
def test_other_refusals_are_told_at_once(status):
    with pytest.raises(ServerRefusedError):
        driven(answered(get("/x")), [refused(status)])


def test_connection_that_broke_is_tried_again_where_that_is_harmless():
    reply, requests, _ = driven(answered(get("/x")), [GONE, GONE, DONE])
    assert (reply, len(requests)) == (DONE, 3)
    steps = library.search("shop", text="a dress")
    empty = {"hits": [], "considered": None, "lag": 0, "notes": [], "took_ms": 1.0}
    found, _, _ = driven(steps, [GONE, Reply(200, {}, json.dumps(empty).encode())])
    assert len(found) == 0


def test_connection_that_broke_ends_what_may_have_been_done_already():
    with pytest.raises(ServerAwayError, match="http://here/v1/jobs did not answer: connection refused"):
        driven(library.ingest("shop", "/srv/shop"), [GONE])


@pytest.mark.parametrize(
    ("body", "said"),
    [(b"<html>", "no JSON"), (b"[]", "no 'data'"), (b'{"data": [{"id": "a"}]}', "a Model without")],
)
def test_answer_of_another_kind_of_server_is_named(body, said):
    with pytest.raises(ServerRefusedError, match=said) as error:
        driven(vectors.models(), [Reply(200, {}, body)])
    assert error.value.code == "unreadable"


def test_refusal_without_our_shape_tells_its_status():
    with pytest.raises(ServerRefusedError, match="the server answered 404"):
        driven(answered(get("/x")), [Reply(404, {}, b"<html>")])


def test_what_was_never_sent_is_sent_again():
    unsent = Broken("http://here/x", "connection refused", is_unsent=True)
    reply, requests, _ = driven(answered(post("/x", {})), [unsent, DONE])
    assert (reply, len(requests)) == (DONE, 2)


@pytest.mark.parametrize(
    ("error", "is_unsent"),
    [
        (httpx.ConnectError, True),
        (httpx.ConnectTimeout, True),
        (httpx.ReadTimeout, False),
        (httpx.ReadError, False),
    ],
)
def test_only_a_connection_that_was_never_made_leaves_a_request_unsent(error, is_unsent):
    assert http.broken("http://here/x", error("no")).is_unsent == is_unsent


def test_pictures_are_not_put_in_again_where_the_answer_is_lost():
    with pytest.raises(ServerAwayError):
        driven(library.add("shop", [b"picture"]), [GONE])


def test_export_of_too_many_corners_says_what_to_do(tmp_path):
    corners = [[row / 7, row / 3] for row in range(5000)]
    within = {"lasso": [{"op": "add", "polygon": corners}]}
    with pytest.raises(InvalidRequestError, match="fewer corners"):
        driven(library.export("shop", tmp_path / "part.csv", within=within), [])


def test_what_a_newer_server_adds_is_left_out():
    facts = {"id": "a", "dim": 2, "modalities": [], "fingerprint": "f", "engine": "e", "device": "d"}
    body = json.dumps({"data": [{**facts, "precision": "f32", "colour": "red"}]}).encode()
    models, _, _ = driven(vectors.models(), [Reply(200, {}, body)])
    assert models[0].id == "a"


def test_only_what_was_asked_for_is_sent():
    _, requests, _ = driven(library.search("shop", text="a", offset=0), [Reply(200, {}, EMPTY)])
    assert requests[0].content == {"text": "a", "k": 10, "offset": 0}
    url = "https://cdn.example/a.jpg"
    _, requests, _ = driven(library.search("shop", image=url, exact=True), [Reply(200, {}, EMPTY)])
    assert requests[0].content == {"image_url": url, "k": 10, "offset": 0, "exact": True}


EMPTY = b'{"hits": [], "considered": null, "lag": 0, "notes": [], "took_ms": 1}'


def test_numbers_of_numpy_are_sent_as_numbers():
    content = {"price": np.float32(1.5), "kinds": np.array([1, 2]), "is_new": np.True_}
    assert json.loads(in_json(content)) == {"price": 1.5, "kinds": [1, 2], "is_new": True}


@pytest.mark.parametrize("value", [object(), float("nan"), np.float32("inf")])
def test_what_json_does_not_have_is_refused_before_anything_is_sent(value):
    with pytest.raises(InvalidRequestError, match="cannot be sent as JSON"):
        in_json({"price": value})


def test_lists_of_jobs_are_read_to_their_end():
    page = {"jobs": [], "next_offset": 1000}
    pages = [page, {"jobs": [], "next_offset": None}]
    replies = [Reply(200, {}, json.dumps(one).encode()) for one in pages]
    _, requests, _ = driven(work.jobs("shop"), replies)
    assert [one.query["offset"] for one in requests] == ["0", "1000"]


def test_names_go_into_addresses_as_they_are_meant():
    _, requests, _ = driven(library.delete("a/../b"), [Reply(204, {}, b"")])
    assert requests == [Request("DELETE", "/v1/collections/a%2F..%2Fb")]


@pytest.mark.parametrize("kind", CLIENTS)
def test_both_clients_wait_and_ask_again(kind):
    answers = [httpx.Response(429, headers={"retry-after": "0"}), httpx.Response(200, json={"data": []})]
    asked = []

    def answer(request):
        asked.append(request)
        return answers[len(asked) - 1]

    with CLIENTS[kind]("http://here", api_key="k", transport=httpx.MockTransport(answer)) as client:
        assert client.models() == []
    assert [request.headers["authorization"] for request in asked] == ["Bearer k"] * 2


class CutOff(httpx.SyncByteStream, httpx.AsyncByteStream):
    """A body that begins and breaks off."""

    def __iter__(self):
        yield b"half of"
        raise httpx.ReadError("connection reset")

    async def __aiter__(self):
        for chunk in self:
            yield chunk


@pytest.mark.parametrize("kind", CLIENTS)
def test_export_that_is_cut_off_leaves_the_old_file_until_all_of_it_is_there(kind, tmp_path):
    path = tmp_path / "shop.csv"
    path.write_bytes(b"the old one")
    seen = []

    def answer(_):
        seen.append(path.read_bytes())
        return httpx.Response(200, stream=CutOff()) if len(seen) == 1 else httpx.Response(200, content=b"all")

    with CLIENTS[kind]("http://here", transport=httpx.MockTransport(answer)) as client:
        assert client.export("shop", path) == path
    assert seen == [b"the old one"] * 2
    assert path.read_bytes() == b"all"
    assert [one.name for one in tmp_path.iterdir()] == ["shop.csv"]


@pytest.mark.parametrize("kind", CLIENTS)
def test_server_whose_address_has_a_path_is_asked_below_it(kind):
    def answer(request):
        return httpx.Response(200, json={"data": []} if request.url.path == "/pictures/v1/models" else None)

    with CLIENTS[kind]("http://here/pictures/", transport=httpx.MockTransport(answer)) as client:
        assert client.models() == []


@pytest.mark.parametrize("url", ["127.0.0.1:8000", "ftp://here", "http://"])
@pytest.mark.parametrize("kind", CLIENTS)
def test_what_is_no_servers_address_is_refused_when_the_client_is_made(kind, url):
    with pytest.raises(SettingsError, match="no server's address"):
        CLIENTS[kind](url)
