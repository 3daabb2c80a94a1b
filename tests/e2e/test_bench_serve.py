"""A load against our own server, and against peers that behave well, slowly and badly."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sightline.cli import app
from sightline.cli.bench.serve.shapes import OURS
from sightline.cli.failures import ExitCode
from tests.e2e.peers import Reply, http, peer
from tests.e2e.serving import Running, running
from tests.e2e.terminal import environment
from tests.fakes import encoded

QUICK = ("--clients", "4", "--seconds", "0.4", "--warm-up-s", "0", "--sizes", "40x30")
PEER = f"{sys.executable} -m tests.e2e.peers {{port}}"
ROOT = Path(__file__).parents[2]


def load(*arguments: str) -> dict[str, dict[str, object]]:
    """The JSON that `sightline bench serve` prints."""
    done = CliRunner().invoke(app, ["bench", "serve", *QUICK, *arguments, "--json"])
    assert done.exit_code == 0, done.stderr
    document: dict[str, dict[str, object]] = json.loads(done.stdout)
    return document


def of(url: str, *arguments: str) -> dict[str, object]:
    """The figures of the one server at this URL."""
    found: dict[str, object] = load("--url", url, *arguments)["servers"]["sightline"]
    return found


def refused(*arguments: str) -> str:
    done = CliRunner().invoke(app, ["bench", "serve", *QUICK, *arguments])
    assert done.exit_code == ExitCode.ERROR
    assert done.stdout == ""
    return done.stderr


@pytest.fixture(scope="module")
def server():
    with running() as made:
        yield made


@pytest.mark.parametrize("route", OURS)
def test_every_route_of_ours_answers_what_is_sent(server: Running, route: str) -> None:
    for kind in OURS[route].forms:
        found = of(server.url, "--route", route, "--mix", kind)
        assert found["statuses"] == {"200": found["requests"]}
        assert found["failures"] == {}
        assert found["requests"] > 4


def test_lists_count_their_items(server: Running) -> None:
    found = of(server.url, "--route", "/v1/embeddings", "--mix", "picture=0.5,text=0.5", "--items", "5")
    assert found["ok"] == found["requests"]
    assert found["items_per_s"] == pytest.approx(5 * found["goodput_per_s"], rel=0.001)
    told = refused("--url", server.url, "--items", "5")
    assert "one item a request" in told


def test_servers_own_times_are_told(server: Running) -> None:
    found = of(server.url)
    assert 0 <= found["inference_p50_ms"] <= found["p50_ms"]
    assert 0 <= found["queue_p50_ms"] <= found["p50_ms"]


def test_pictures_may_come_from_a_folder(server: Running, tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(encoded(0, (50, 40), "JPEG"))
    assert of(server.url, "--pictures", str(tmp_path))["other"] == 0


def test_table_is_for_people(server: Running) -> None:
    done = CliRunner().invoke(app, ["bench", "serve", *QUICK, "--url", server.url, "--rate", "2x"])
    assert done.exit_code == 0
    for line in ("goodput/s", "p99 ms", "this load, cores", "the peak, with 4 clients"):
        assert line in done.stdout


def test_multiple_of_the_peak_is_measured_first_and_then_sent(server: Running) -> None:
    document = load("--url", server.url, "--rate", "0.5x")
    peak = document["peak"]["goodput_per_s"]
    assert document["load"]["rate_per_s"] == pytest.approx(peak / 2, rel=0.001)
    assert document["servers"]["sightline"]["requests"] == pytest.approx(peak / 2 * 0.4, rel=0.5)


def test_requests_tell_their_deadline_and_keep_their_connections() -> None:
    with peer() as made:
        of(made.url + "/v9", "--timeout-ms", "1234")
        assert {request.path for request in made.asked} == {"/v9/embed-image"}
        assert {request.headers["x-timeout-ms"] for request in made.asked} == {"1234"}
        assert len({request.body for request in made.asked}) == len(made.asked) > 20
        assert made.connections == 1 + 4  # one to see whether it answers


def test_stall_is_in_the_percentiles_of_the_open_loop_and_not_of_the_closed() -> None:
    """A client that waits for its answer asks nothing meanwhile: it sees one slow request of hundreds."""

    def stalls(number: int) -> Reply:
        if number == 60:
            time.sleep(0.5)  # the whole server
        return Reply()

    with peer(stalls) as made:
        open_loop = of(made.url, "--rate", "200", "--seconds", "2")
    with peer(stalls) as made:
        closed_loop = of(made.url, "--clients", "1", "--seconds", "2")
    assert open_loop["failures"] == closed_loop["failures"] == {}
    assert open_loop["p99_ms"] > 400
    assert open_loop["p90_ms"] > 150, "a quarter of all requests were due in the stall"
    assert closed_loop["max_ms"] > 450
    assert closed_loop["p99_ms"] < 100


def test_refusals_are_told_apart_from_answers() -> None:
    def refuses(number: int) -> Reply:
        return Reply(http(429, Retry_After="2")) if number > 1 and number % 2 else Reply(after_s=0.05)

    with peer(refuses) as made:
        found = of(made.url)
    assert found["statuses"].keys() == {"200", "429"}
    assert found["refused"] == found["statuses"]["429"]
    assert found["refused_p50_ms"] < 50 <= found["p50_ms"]
    assert found["retry_after_max_s"] == 2


def test_late_answers_are_no_goodput_and_those_that_never_come_are_given_up() -> None:
    def dawdles(number: int) -> Reply:
        return Reply(after_s={2: 0.3, 3: 60}.get(number, 0))

    with peer(dawdles) as made:
        found = of(made.url, "--timeout-ms", "200", "--clients", "2", "--seconds", "0.6")
    assert found["failures"] == {"gave up": 1}
    assert found["max_ms"] >= 300
    assert found["goodput_per_s"] < found["answers_per_s"]


@pytest.mark.parametrize(
    ("bad", "failure"),
    [
        (Reply(b"", closes=True), "connection closed"),
        (Reply(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{", closes=True), "answer cut off"),
        (Reply(b"HTTP/1.1 twohundred\r\n\r\n"), "malformed answer"),
        (Reply(b"SSH-2.0-OpenSSH_9.2\r\n"), "malformed answer"),
        (Reply(b"HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\n"), "malformed answer"),
        (Reply(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n"), "malformed answer"),
    ],
)
def test_what_is_no_answer_is_counted_and_the_load_goes_on(bad: Reply, failure: str) -> None:
    good = Reply(http(connection="close"), closes=True)
    with peer(lambda number: good if number % 3 else bad) as made:
        found = of(made.url)
    assert found["failures"].keys() == {failure}
    assert found["ok"] == pytest.approx(2 * found["failures"][failure], abs=4)
    assert len(made.asked) == 1 + found["requests"], "none was sent twice"


def test_what_was_answered_badly_is_not_asked_again_on_another_connection() -> None:
    """Only a kept connection that ends in silence may have been closed before it heard the request."""
    cut_off = Reply(b"HTTP/1.1 2", closes=True)
    with peer(lambda number: Reply() if number % 3 else cut_off) as made:
        found = of(made.url)
    assert found["failures"]["answer cut off"] == pytest.approx(found["requests"] / 3, abs=3)
    assert len(made.asked) == 1 + found["requests"]


@pytest.mark.parametrize(
    "answer",
    [
        Reply(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"),
        Reply(b"HTTP/1.1 100 Continue\r\n\r\n" + http()),
        Reply(b"HTTP/1.0 200 OK\r\n\r\n{}", closes=True),
        Reply(http(connection="close"), closes=True),
        Reply(closes=True),
    ],
)
def test_answers_may_come_in_any_way_that_http_has(answer: Reply) -> None:
    with peer(lambda _: answer) as made:
        found = of(made.url)
    assert found["statuses"] == {"200": found["requests"]}
    assert found["failures"] == {}


def test_clients_who_hang_up_are_no_failures_of_the_server() -> None:
    with peer(lambda _: Reply(after_s=0.05)) as made:
        found = of(made.url, "--cancel", "0.5", "--clients", "8", "--seconds", "1")
    assert found["failures"].keys() == {"hung up"}
    assert found["ok"] > found["failures"]["hung up"] > 5


def test_server_that_gives_no_vector_is_an_error_with_its_answer() -> None:
    told = refused("--url", "http://127.0.0.1:1")
    assert "connection refused" in told
    with peer(lambda _: Reply(http(400, b'{"error": "this model reads no pictures"}'))) as made:
        assert "this model reads no pictures" in refused("--url", made.url)


def test_both_servers_get_the_same_load_in_turns(server: Running) -> None:
    with peer() as made:
        document = load(
            *(
                "--url",
                server.url,
                "--peer-url",
                made.url,
                "--peer-shape",
                "infinity",
                "--peer-model",
                "clip",
            ),
            *("--rate", "100", "--seconds", "0.5"),
        )
        body = json.loads(made.asked[-1].body)
    assert (body["model"], body["modality"]) == ("clip", "image")
    ours, theirs = document["servers"]["sightline"], document["servers"]["infinity"]
    assert ours["requests"] == theirs["requests"] == sum(turn["requests"] for turn in ours["rounds"])
    assert len(ours["rounds"]) == len(theirs["rounds"]) == 2
    assert document["ratios"]["p50_ms"] == pytest.approx(ours["p50_ms"] / theirs["p50_ms"], rel=0.01)


def test_peer_is_started_awaited_and_ended(server: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    document = load("--url", server.url, "--peer-command", PEER)
    peer_found = document["servers"]["openai"]
    assert peer_found["ok"] == peer_found["requests"] > 0
    assert "connection refused" in refused("--url", peer_found["url"])


def test_peer_that_ends_early_is_told_with_its_last_words(server: Running) -> None:
    code = "import sys; sys.exit('the model is not here')"
    told = refused("--url", server.url, "--peer-command", f'{sys.executable} -c "{code}"')
    assert "openai ended before it answered" in told
    log = Path(told.partition("its log ")[2].split()[0])
    assert "the model is not here" in log.read_text()
    log.unlink()
    assert "cannot be started" in refused("--url", server.url, "--peer-command", "/nowhere/at-all")


def test_peer_that_ends_under_the_load_is_told(server: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    told = CliRunner().invoke(
        app, ["bench", "serve", *QUICK, "--url", server.url, "--peer-command", f"{PEER} 20", "--rounds", "1"]
    )
    assert told.exit_code == 0
    assert "openai ended under this load; its last words: out of memory" in told.stderr
    assert "x connection refused" in told.stdout


def test_peer_that_never_answers_is_given_up(server: Running) -> None:
    command = f"{sys.executable} -c 'import time; time.sleep(60)'"
    started = time.monotonic()
    told = refused("--url", server.url, "--peer-command", command, "--start-s", "1")
    assert "connection refused" in told
    assert time.monotonic() - started < 20
    Path(told.partition("its log ")[2].split()[0]).unlink()


def children_of(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def is_running(pid: int) -> bool:
    """Not one that has ended and waits for its parent to notice."""
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="reads /proc")
@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("is_loading", [True, False])
def test_interrupt_ends_every_process_that_was_started(
    tmp_path: Path, sent: signal.Signals, is_loading: bool
) -> None:
    """The shell's own child too: a peer may be a script that starts its server."""
    command = f"bash -c '{PEER}; true'" if is_loading else "bash -c 'sleep 600; true'"
    with subprocess.Popen(
        [sys.executable, "-m", "sightline", "bench", "serve", "--seconds", "60", "--peer-command", command],
        cwd=ROOT,
        env=environment(tmp_path, SIGHTLINE_ENGINE="fake", TMPDIR=str(tmp_path)),
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        if is_loading:
            assert "32 clients" in process.stderr.readline()
        started: list[int] = []
        while len(started) < 3:
            found = children_of(process.pid)
            started = [*found, *(inner for child in found for inner in children_of(child))]
            time.sleep(0.02)
        process.send_signal(sent)
        assert process.wait(30) == ExitCode.INTERRUPTED
        assert "interrupted" in process.stderr.read()
    time.sleep(0.1)  # one that was killed may take a moment
    assert [pid for pid in started if is_running(pid)] == []
    assert list(tmp_path.glob("sightline-bench-*")) == []
