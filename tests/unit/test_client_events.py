"""A job's events, over streams that break. Driven by hand, but for the last."""

import json

import httpx
import pytest

from sightline.client.events import MAX_PAUSE_S, PAUSE_S, TRIES, EventLines, JobEvent, Listening
from sightline.client.steps import Broken, Reply
from sightline.domain.errors import ServerAwayError, ServerRefusedError
from tests.clients import CLIENTS

GONE = Broken("http://here/v1/jobs/3/events", "connection refused")


def written(kind, data, number=None):
    lines = [f"event: {kind}", f"data: {json.dumps(data)}"] + ([] if number is None else [f"id: {number}"])
    return "\n".join(lines) + "\n\n"


def listened(*streams, after=None):
    """The events that are heard of these streams, and after which one each was asked for."""
    listening, heard, asked = Listening(3, after), [], []
    for stream in streams:
        asked.append(listening.request().headers.get("last-event-id"))
        match stream:
            case Broken():
                listening.broke(stream)
            case Reply():
                listening.refused(stream)
            case text:
                heard += listening.taken(text.splitlines())
    assert listening.is_over
    return heard, asked


def test_stream_that_broke_is_taken_up_after_its_last_event():
    first = ": still here\n\n" + written("job", {"state": "running"}) + written("progress", {"done": 1}, 4)
    heard, asked = listened(first, GONE, written("done", {}, 5))
    assert heard == [
        JobEvent(None, "job", {"state": "running"}),
        JobEvent(4, "progress", {"done": 1}),
        JobEvent(5, "done", {}),
    ]
    assert asked == [None, "4", "4"]


def test_job_that_has_ended_already_has_one_event():
    heard, asked = listened(written("job", {"state": "done"}))
    assert (len(heard), len(asked)) == (1, 1)


def test_pause_is_not_the_end():
    heard, _ = listened(written("paused", {}, 1) + written("running", {}, 2) + written("failed", {}, 3))
    assert [event.kind for event in heard] == ["paused", "running", "failed"]


def test_event_that_was_cut_off_is_not_told():
    heard, _ = listened('event: progress\ndata: {"done"', written("done", {}, 1))
    assert [event.kind for event in heard] == ["done"]


def test_server_that_stays_away_is_given_up():
    with pytest.raises(ServerAwayError, match="/v1/jobs/3/events did not answer: connection refused"):
        listened(*[GONE] * TRIES)
    heard, _ = listened(*[GONE] * (TRIES - 1), written("progress", {}, 1), GONE, written("done", {}, 2))
    assert [event.id for event in heard] == [1, 2]


def test_streams_that_end_without_an_event_are_given_up():
    listening = Listening(3)
    for _ in range(TRIES - 1):
        listening.request()
        listening.ended("http://here/events")
    listening.request()
    with pytest.raises(ServerAwayError, match="ended without an event"):
        listening.ended("http://here/events")


def test_pauses_between_streams_grow_to_a_bound():
    listening = Listening(3)
    pauses = []
    for _ in range(TRIES):
        listening.request()
        pauses.append(listening.pause_s)
    assert PAUSE_S < pauses[0] < pauses[1] < pauses[-1] == MAX_PAUSE_S


def test_job_that_is_not_there_is_said_at_once():
    body = json.dumps({"error": {"code": "job_not_found", "message": "no job"}}).encode()
    with pytest.raises(ServerRefusedError, match="no job"):
        listened(Reply(404, {}, body))


def test_as_many_streams_as_can_be_are_waited_for():
    heard, _ = listened(Reply(429, {}, b""), written("done", {}, 1))
    assert len(heard) == 1


def test_values_keep_their_colons_and_need_no_blank():
    lines = EventLines()
    assert [lines.take(line) for line in ("id:7", 'data: {"a": "b: c"}', "")][-1] == JobEvent(
        7, "message", {"a": "b: c"}
    )


@pytest.mark.parametrize("kind", CLIENTS)
def test_both_clients_take_a_broken_stream_up_again(kind):
    streams = [
        httpx.Response(200, text=written("progress", {"done": 1}, 4)),
        httpx.Response(503),
        httpx.ConnectError("nobody there"),
        httpx.Response(200, text=written("done", {}, 5)),
    ]
    asked = []

    def answer(request):
        asked.append(request.headers.get("last-event-id"))
        stream = streams[len(asked) - 1]
        if isinstance(stream, Exception):
            raise stream
        return stream

    with CLIENTS[kind]("http://here", transport=httpx.MockTransport(answer)) as client:
        assert [event.kind for event in client.events(3)] == ["progress", "done"]
    assert asked == [None, "4", "4", "4"]
