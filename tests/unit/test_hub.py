"""The real huggingface_hub against a hub of a few lines on this machine: the network is never needed."""

import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from sightline.domain.errors import MissingFileError, UnknownModelError
from sightline.models.hub import Hub, HubFetcher

COMMIT = "0123456789abcdef0123456789abcdef01234567"
WEIGHTS = b"weights " * 1000


class TinyHub(ThreadingHTTPServer):
    """Speaks the part of the hub's HTTP that a download needs, for one repository at one commit."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.files = {"config.json": b"{}", "model.safetensors": WEIGHTS}
        self.requests: list[tuple[str, str]] = []
        self.status = 200
        self.error = ""
        self.cut_at: int | None = None  # the next download breaks off after so many bytes

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Answer(BaseHTTPRequestHandler):
    server: TinyHub
    protocol_version = "HTTP/1.1"

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def log_message(self, format: str, *args: object) -> None:
        pass

    def _answer(self, *, with_body: bool) -> None:
        hub = self.server
        hub.requests.append((self.command, self.path))
        org, name, _, revision, file = self.path.removeprefix("/").split("/")
        if hub.status != 200:
            return self._refuse(hub.status, hub.error)
        if f"{org}/{name}" != "acme/clip":
            return self._refuse(404, "RepoNotFound")
        if revision not in ("main", COMMIT):
            return self._refuse(404, "RevisionNotFound")
        if file not in hub.files:
            return self._refuse(404, "EntryNotFound")
        return self._send(hub.files[file], large=file.endswith(".safetensors"), with_body=with_body)

    def _refuse(self, status: int, error: str) -> None:
        self.send_response(status)
        self.send_header("X-Error-Code", error)
        self.send_header("X-Repo-Commit", COMMIT)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _send(self, content: bytes, *, large: bool, with_body: bool) -> None:
        asked = self.headers.get("Range")
        start = int(asked.removeprefix("bytes=").split("-")[0]) if asked else 0
        self.send_response(206 if asked else 200)
        if asked:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        self.send_header("X-Repo-Commit", COMMIT)
        self.send_header("ETag", f'"{hashlib.sha1(content, usedforsecurity=False).hexdigest()}"')
        if large:
            self.send_header("X-Linked-Etag", f'"{hashlib.sha256(content).hexdigest()}"')
            self.send_header("X-Linked-Size", str(len(content)))
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        if not with_body:
            return
        cut, self.server.cut_at = self.server.cut_at, None
        self.wfile.write(content[start:] if cut is None else content[start:cut])
        self.close_connection = cut is not None


@pytest.fixture
def tiny_hub() -> Iterator[TinyHub]:
    with TinyHub() as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.shutdown()


def fetcher(hub: TinyHub, cache: Path, *, offline: bool = False) -> HubFetcher:
    return HubFetcher(Hub(cache, token="secret", offline=offline, endpoint=hub.endpoint))


def test_a_file_is_fetched_with_its_commit_and_the_hash_the_hub_states(
    tiny_hub: TinyHub, tmp_path: Path
) -> None:
    found = fetcher(tiny_hub, tmp_path).fetch("acme/clip", "main", "model.safetensors")
    assert found is not None
    assert found.path.read_bytes() == WEIGHTS
    assert found.commit == COMMIT
    assert found.sha256 == hashlib.sha256(WEIGHTS).hexdigest()


def test_small_files_come_without_a_hash(tiny_hub: TinyHub, tmp_path: Path) -> None:
    found = fetcher(tiny_hub, tmp_path).fetch("acme/clip", COMMIT, "config.json")
    assert found is not None
    assert found.sha256 is None


def test_a_file_at_a_commit_is_asked_for_only_once(tiny_hub: TinyHub, tmp_path: Path) -> None:
    fetcher(tiny_hub, tmp_path).fetch("acme/clip", COMMIT, "model.safetensors")
    asked = len(tiny_hub.requests)
    assert fetcher(tiny_hub, tmp_path).fetch("acme/clip", COMMIT, "model.safetensors") is not None
    assert len(tiny_hub.requests) == asked


def test_that_a_file_does_not_exist_is_remembered_too(tiny_hub: TinyHub, tmp_path: Path) -> None:
    assert fetcher(tiny_hub, tmp_path).fetch("acme/clip", COMMIT, "preprocessor_config.json") is None
    asked = len(tiny_hub.requests)
    assert fetcher(tiny_hub, tmp_path).fetch("acme/clip", COMMIT, "preprocessor_config.json") is None
    assert len(tiny_hub.requests) == asked


def test_offline_a_cached_file_is_found_and_another_is_none(tiny_hub: TinyHub, tmp_path: Path) -> None:
    fetcher(tiny_hub, tmp_path).fetch("acme/clip", "main", "config.json")
    asked = len(tiny_hub.requests)
    offline = fetcher(tiny_hub, tmp_path, offline=True)
    assert offline.fetch("acme/clip", "main", "config.json") is not None
    assert offline.fetch("acme/clip", "main", "model.safetensors") is None
    assert "HF_HOME" in offline.advice("acme/clip")
    assert len(tiny_hub.requests) == asked


def test_a_download_that_broke_off_is_taken_up_where_it_stopped(tiny_hub: TinyHub, tmp_path: Path) -> None:
    tiny_hub.cut_at = 3000
    found = fetcher(tiny_hub, tmp_path).fetch("acme/clip", "main", "model.safetensors")
    assert found is not None
    assert found.path.read_bytes() == WEIGHTS


def test_without_network_the_error_comes_at_once_and_says_what_to_do(
    tiny_hub: TinyHub, tmp_path: Path
) -> None:
    nowhere = HubFetcher(Hub(tmp_path, endpoint="http://127.0.0.1:9"))
    with pytest.raises(MissingFileError) as caught:
        nowhere.fetch("acme/clip", "main", "model.safetensors")
    for words in (
        "model.safetensors of acme/clip@main",
        "127.0.0.1:9",
        str(tmp_path),
        "models pull",
        "HF_HOME",
    ):
        assert words in str(caught.value)


@pytest.mark.parametrize(
    ("repo", "revision", "words"),
    [
        ("acme/other", "main", "no acme/other@main; if it is private"),
        ("acme/clip", "v9", "lacks that revision"),
        ("not a hub id", "main", "is not a hub id"),
    ],
)
def test_an_unknown_repository_or_revision_is_an_unknown_model(
    tiny_hub: TinyHub, tmp_path: Path, repo: str, revision: str, words: str
) -> None:
    with pytest.raises(UnknownModelError, match=words):
        fetcher(tiny_hub, tmp_path).fetch(repo, revision, "config.json")


@pytest.mark.parametrize(
    ("status", "error", "words"),
    [
        (403, "GatedRepo", "is gated: accept the terms"),
        (403, "", r"refused config\.json of acme/clip@main \(403\): check HF_TOKEN"),
        (500, "", "answered 500"),
    ],
)
def test_a_refusal_says_what_to_do_and_never_shows_the_token(
    tiny_hub: TinyHub, tmp_path: Path, status: int, error: str, words: str
) -> None:
    tiny_hub.status, tiny_hub.error = status, error
    with pytest.raises(MissingFileError, match=words) as caught:
        fetcher(tiny_hub, tmp_path).fetch("acme/clip", "main", "config.json")
    assert "secret" not in str(caught.value)
