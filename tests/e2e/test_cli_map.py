"""`sightline map` as a process, by itself and through a server."""

import json
from pathlib import Path

import duckdb
import pytest

from tests.e2e.test_cli_library import answer, run, running, wait_for_server
from tests.libraries import write_pictures
from tests.waiting import wait_until

FEW = 30


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("mapped")
    write_pictures(made / "photos", range(FEW))
    done = run(made, "ingest", "photos")
    assert done.returncode == 0, done.stderr
    return made


def test_a_map_is_drawn_and_told(place: Path) -> None:
    told = answer(place, "map", "--collection", "photos", "--algorithm", "pca", "--neighbours", "5")
    assert (told["state"], told["algorithm"], told["points"], told["unplaced"]) == ("ready", "pca", FEW, 0)
    with duckdb.connect(place / "home" / "views" / "embeddings.duckdb", read_only=True) as connection:
        rows = connection.execute("SELECT x, y FROM photos.embeddings").fetchall()
    assert len(rows) == FEW
    assert all(x is not None and y is not None for x, y in rows), "the command waits for them"
    status = run(place, "status")
    assert f"{FEW} points by pca".encode() in status.stdout


def test_places_are_taken_from_a_file_and_the_rest_is_placed(place: Path) -> None:
    ids = [item["item_id"] for item in _items(place)]
    lines = ["id,x,y", *(f"{item_id},{row},{-row}" for row, item_id in enumerate(ids[:10])), "nobody,0,0"]
    (place / "places.csv").write_text("\n".join(lines) + "\n")
    done = run(place, "map", "--import", "places.csv")
    assert done.returncode == 0, done.stderr
    assert f"photos: {FEW} points by given".encode() in done.stderr
    assert b"passed over: 1 id of places.csv that no item has" in done.stderr


def test_a_server_draws_for_the_command(place: Path) -> None:
    with running(place, "serve", "--port", "0", "--log-level", "error") as server:
        wait_for_server(place).close()
        (place / "words.txt").write_text("dog\n\ncat\n")
        done = run(place, "map", "--algorithm", "pca", "--words", "words.txt")
        assert done.returncode == 0, done.stderr
        assert f"{FEW} points by pca".encode() in done.stderr
        server.terminate()
        assert server.wait(60) == 0


def test_a_map_outlives_the_server_that_was_killed_while_it_drew(place: Path) -> None:
    with running(place, "serve", "--port", "0", "--log-level", "error") as server:
        with wait_for_server(place) as client:
            job = client.post("/v1/collections/photos/map", json={"algorithm": "pca", "neighbours": 7}).json()
            wait_until(lambda: client.get(f"/v1/jobs/{job['id']}").json()["stage"] is not None, 60)
        server.kill()
        server.wait()
    assert run(place, "map").returncode == 0
    jobs = answer(place, "job", "list")
    assert [(one["id"], one["state"]) for one in jobs][:1] == [(job["id"], "done")]
    assert list((place / "home" / "maps" / "photos").glob("drawing-*")) == []


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--collection", "nobody"], 1, b"no collection 'nobody'"),
        (["--words", "photos/00000.png"], 2, b"not text in UTF-8"),
        (["--words", "empty.txt"], 2, b"no word in it"),
        (["--import", "missing.csv"], 2, b"does not exist"),
    ],
)
def test_what_cannot_be_done_is_said(place: Path, arguments: list[str], code: int, said: bytes) -> None:
    (place / "empty.txt").write_text("\n")
    done = run(place, "map", *arguments)
    assert (done.returncode, said in done.stderr) == (code, True), done.stderr


def test_too_few_items_are_refused(tmp_path: Path) -> None:
    write_pictures(tmp_path / "photos", range(2))
    assert run(tmp_path, "ingest", "photos").returncode == 0
    done = run(tmp_path, "map")
    assert (done.returncode, b"needs 3 items" in done.stderr) == (1, True), done.stderr


def _items(place: Path) -> list[dict[str, str]]:
    out = place / "all.jsonl"
    assert run(place, "export", str(out), "--no-vectors").returncode == 0
    return [json.loads(line) for line in out.read_text().splitlines()]
