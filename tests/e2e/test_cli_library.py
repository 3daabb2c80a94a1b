"""The commands of the library as processes, with the bundled model. Some ask a server, some are their own."""

import csv
import json
import os
import re
import shutil
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from benchmarks.library.pictures import jpegs
from sightline.catalogue.owner import holder
from sightline.models.card_files import BUNDLED
from tests.e2e.terminal import environment, sightline, started
from tests.libraries import write_pictures
from tests.waiting import wait_until

FEW = 30
LONG = 20_000  # more than a server does in the time of three commands
MANY = 600  # takes seconds: long enough to be met in the midst
START_S = 60
SLOWLY = {"SIGHTLINE_MAX_BATCH_ROWS": "1", "SIGHTLINE_PRECISION": "f32"}


def settings_of(home: Path, **settings: str) -> dict[str, str]:
    return {"SIGHTLINE_HOME": str(home), "SIGHTLINE_DRAIN_MS": "0", **settings}


def run(place: Path, *arguments: str, **settings: str) -> "subprocess.CompletedProcess[bytes]":
    return sightline(arguments, place, **settings_of(place / "home", **settings))


def answer(place: Path, *arguments: str, code: int = 0) -> Any:
    """What a command says with --json."""
    done = run(place, *arguments, "--json")
    assert done.returncode == code, done.stderr.decode()
    return json.loads(done.stdout)


@contextmanager
def running(place: Path, *arguments: str, **settings: str) -> Iterator["subprocess.Popen[bytes]"]:
    with started(arguments, place, **settings_of(place / "home", **settings)) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()


def wait_for_server(place: Path) -> httpx.Client:
    """A client of whoever owns the library, as soon as there is one."""

    def address() -> str | None:
        found = holder(place / "home")
        return found and found.address

    wait_until(lambda: address() is not None, START_S)
    found = holder(place / "home")
    assert found is not None
    headers = {"authorization": f"Bearer {found.token}"}
    return httpx.Client(base_url=str(found.address), headers=headers, timeout=20)


def wait_for_pictures(place: Path, done: int) -> int:
    """Until the first job has done so many pictures; returns how many it has."""
    seen = [0]

    def is_under_way() -> bool:
        jobs = client.get("/v1/jobs").json()["jobs"]
        seen[0] = jobs[-1]["done"] if jobs else 0
        return seen[0] >= done

    with wait_for_server(place) as client:
        wait_until(is_under_way, START_S)
    return seen[0]


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("many") / "photos"
    write_pictures(folder, range(MANY))
    return folder


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A place whose library a server owns, with the collection `photos` and a broken picture in it."""
    place = tmp_path_factory.mktemp("served")
    write_pictures(place / "photos", range(FEW))
    (place / "photos" / "copy.png").write_bytes((place / "photos" / "00000.png").read_bytes())
    (place / "photos" / "broken.png").write_bytes((place / "photos" / "00001.png").read_bytes()[:100])
    # one by one: a job of many takes long enough to be paused
    with running(place, "serve", "--port", "0", "--log-level", "error", **SLOWLY) as server:
        wait_for_server(place).close()
        done = run(place, "ingest", "photos")
        assert done.returncode == 3, done.stderr
        assert b"photos/broken.png: broken_image: " in done.stderr
        assert b"`sightline retry 1` tries again what failed" in done.stderr
        yield place
        server.terminate()
        assert server.wait(START_S) == 0


def test_second_ingest_through_a_server_computes_nothing(served: Path) -> None:
    again = answer(served, "ingest", "photos", "--collection", "photos", code=3)
    assert (again["state"], again["computed"], again["failed"]) == ("done", 0, 1)
    [failure] = again["failures"]
    assert (failure["code"], failure["uri"].endswith("/photos/broken.png")) == ("broken_image", True)


def test_retry_touches_only_what_failed(served: Path) -> None:
    broken = served / "photos" / "mended.png"
    broken.write_bytes(b"\x89PNG\r\n\x1a\nnothing more")
    first = answer(served, "ingest", "photos", code=3)
    write_pictures(served / "drawn", range(500, 501))
    broken.write_bytes((served / "drawn" / "00500.png").read_bytes())
    retried = answer(served, "retry", str(first["id"]), "--failed", code=3)
    assert (retried["failed"], retried["computed"]) == (1, 1)
    assert run(served, "job", "failures", str(first["id"])).stdout.count(b"\n") == 1


def test_search_prints_a_line_for_each_hit(served: Path) -> None:
    done = run(served, "search", "--image", "photos/00007.png", "-k", "3", "--json")
    assert done.returncode == 0, done.stderr
    hits = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(hits) == 3
    assert {"id", "uri", "score", "metadata"} <= hits[0].keys()
    assert hits[0]["uri"].endswith("/00007.png")
    assert hits[0]["score"] == pytest.approx(1, abs=1e-4)
    table = run(served, "search", "a red dress", "--less-like", hits[0]["id"], "-k", "2")
    assert table.returncode == 0, table.stderr
    assert table.stdout.count(b"/photos/") == 2


def test_search_without_hits_says_why(served: Path) -> None:
    done = run(served, "search", "a mug", "--filter", '{"colr": "red"}', "--json")
    assert (done.returncode, done.stdout) == (0, b"")
    assert b"no hits in photos\nno item has the field 'colr'\nthe filter passes none of" in done.stderr


def test_source_that_is_not_there_is_called_so_through_a_server(served: Path) -> None:
    done = run(served, "ingest", "nowhere")
    assert done.returncode == 1
    assert f"there is nothing at '{served / 'nowhere'}'".encode() in done.stderr


def test_contact_sheet_holds_its_pictures_and_runs_nothing(served: Path, tmp_path: Path) -> None:
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\nprintf %s "$1" > {tmp_path}/opened\n')
    browser.chmod(browser.stat().st_mode | stat.S_IXUSR)
    command = ["search", "<script>alert(1)</script>", "--open", "-k", "4"]
    done = run(served, *command, BROWSER=str(browser), TMPDIR=str(tmp_path))
    assert done.returncode == 0, done.stderr
    wait_until((tmp_path / "opened").exists)
    [page] = tmp_path.glob("sightline-*/hits.html")
    text = page.read_text()
    assert text.count('src="data:image/webp;base64,') == 4
    assert "<script" not in text
    assert "&lt;script&gt;" in text


def test_status_tells_collections_jobs_and_store(served: Path) -> None:
    told = answer(served, "status", "--collection", "photos")
    [photos] = told["collections"]
    assert photos["items"] >= FEW + 1
    assert photos["store"]["lag"] == 0
    assert told["store"]["address"] == "duckdb"
    assert {job["state"] for job in told["jobs"]} == {"done"}
    people = run(served, "status")
    assert b"photos" in people.stdout
    assert b"mini" in people.stdout


def test_duplicates_are_listed_in_groups(served: Path) -> None:
    done = run(served, "duplicates", "--exact", "--keep", "first_by_path", "--json")
    [group] = [json.loads(line) for line in done.stdout.splitlines()]
    assert group["keeper"]["uri"].endswith("/00000.png")
    assert [copy["uri"].rpartition("/")[2] for copy in group["copies"]] == ["copy.png"]


def test_export_writes_a_whole_file_or_none(served: Path) -> None:
    done = run(served, "export", "photos.csv", "--no-vectors")
    assert done.returncode == 0, done.stderr
    with (served / "photos.csv").open() as file:
        assert len(list(csv.DictReader(file))) >= FEW + 1
    assert run(served, "export", "photos.gif").returncode == 2
    assert run(served, "export", "nowhere.csv", "--collection", "nowhere").returncode == 1
    assert not (served / "nowhere.csv").exists()
    assert not list(served.glob(".nowhere*"))


def test_store_is_switched_and_another_one_is_refused(served: Path) -> None:
    assert answer(served, "store", "switch", "--to", "memory")["address"] == "memory"
    refused = run(served, "ingest", "photos", "--store", "duckdb")
    assert refused.returncode == 1
    assert b"sightline store switch" in refused.stderr
    assert answer(served, "store", "switch", "--to", "duckdb")["address"] == "duckdb"


def test_collection_is_made_listed_and_deleted(served: Path) -> None:
    assert answer(served, "collection", "create", "shop")["items"] == 0
    assert {one["name"] for one in answer(served, "collection", "list")} == {"photos", "shop"}
    assert answer(served, "collection", "delete", "shop", "--yes") == {"deleted": "shop"}
    missing = run(served, "search", "a mug", "--collection", "shop")
    assert missing.returncode == 1
    assert missing.stderr.count(b"\n") == 1


def test_folder_that_moved_is_told_and_taken_out(served: Path) -> None:
    write_pictures(served / "before", range(3))
    answer(served, "ingest", "before", "--collection", "moving")
    (served / "before").rename(served / "after")
    done = run(served, "ingest", "after", "--collection", "moving")
    command = f"sightline collection remove-source moving {served / 'before'}"
    assert f"also there from {served / 'before'}: 3 pictures of it".encode() in done.stderr
    assert f"`{command}`".encode() in done.stderr
    assert b"scan: 3 pictures: 3 added" in done.stderr
    assert answer(served, *command.split()[1:], "--yes")["removed"] == 3
    [source] = answer(served, "collection", "show", "moving")["sources"]
    assert (source["name"], source["items"]) == (str(served / "after"), 3)
    hit = run(served, "search", "--image", "after/00000.png", "--collection", "moving", "--json", "-k", "1")
    removed = answer(served, "collection", "remove", "moving", json.loads(hit.stdout)["id"], "nobody", code=3)
    assert (removed["removed"], removed["missing"]) == (1, ["nobody"])
    answer(served, "collection", "delete", "moving", "--yes")


def test_detached_job_is_paused_resumed_and_cancelled(served: Path, tmp_path: Path) -> None:
    many = jpegs(tmp_path / "many", LONG, (16, 16))
    number = str(answer(served, "ingest", str(many), "--collection", "aside", "--detach")["id"])
    assert answer(served, "job", "pause", number)["state"] == "paused"
    assert answer(served, "job", "resume", number, "--detach")["state"] in ("planning", "running")
    assert answer(served, "job", "cancel", number)["state"] == "cancelled"
    listed = answer(served, "job", "list", "--collection", "aside")
    assert [job["state"] for job in listed] == ["cancelled"]
    answer(served, "collection", "delete", "aside", "--yes")


def test_who_watches_a_collection_being_filled_is_told_when_it_is_deleted(served: Path, many: Path) -> None:
    with running(served, "ingest", str(many), "--collection", "fleeting") as process:
        wait_until(lambda: bool(answer(served, "job", "list", "--collection", "fleeting")), START_S)
        answer(served, "collection", "delete", "fleeting", "--yes")
        assert process.wait(START_S) == 1
        assert process.stderr is not None
        assert b"collection fleeting was deleted meanwhile" in process.stderr.read()


def test_doctor_compares_the_library_while_it_is_served(served: Path) -> None:
    findings = answer(served, "doctor", "--port", "0", "--all")
    [photos] = [one for one in findings if one["name"] == "photos"]
    assert photos["state"] == "ok"
    compared = re.search(r"(\d+) items; (\d+) vectors compared", photos["found"])
    assert compared is not None
    assert compared[1] == compared[2]


def test_backup_while_it_is_served_is_restored_elsewhere_only(served: Path, tmp_path: Path) -> None:
    made = answer(served, "backup", "library.db")
    assert (served / "library.db").stat().st_size == made["size_bytes"]
    assert made["uploads"] == {"held": 0, "lacking": 0}
    refused = run(served, "restore", "library.db")
    assert refused.returncode == 1
    owner = holder(served / "home")
    assert owner is not None
    assert f"in use by process {owner.pid}, which serves it at {owner.address}".encode() in refused.stderr
    assert f"`kill {owner.pid}`".encode() in refused.stderr
    environ = settings_of(tmp_path / "home")
    assert sightline(["restore", str(served / "library.db")], tmp_path, **environ).returncode == 0
    hits = sightline(
        ["search", "--image", str(served / "photos" / "00007.png"), "--collection", "photos", "--json"],
        tmp_path,
        **environ,
    )
    assert json.loads(hits.stdout.splitlines()[0])["uri"].endswith("/00007.png")


def test_killed_and_interrupted_ingest_goes_on_where_it_was(tmp_path: Path, many: Path) -> None:
    with running(tmp_path, "ingest", str(many), "--store", "duckdb") as process:
        seen = wait_for_pictures(tmp_path, 1)
        process.kill()
        process.wait(START_S)
    with running(tmp_path, "ingest", str(many)) as process:
        seen = wait_for_pictures(tmp_path, seen + 1)
        process.send_signal(signal.SIGINT)
        assert process.wait(START_S) == 130
        assert process.stderr is not None
        assert b"goes on where it was" in process.stderr.read()
    assert holder(tmp_path / "home") is None
    assert answer(tmp_path, "ingest", str(many))["state"] == "done"
    told = answer(tmp_path, "status")
    assert (told["collections"][0]["items"], told["collections"][0]["store"]["lag"]) == (MANY, 0)
    assert [job["state"] for job in told["jobs"]] == ["done", "done", "done"]
    assert [job["computed"] for job in told["jobs"]] == [0, 0, MANY]
    assert seen < MANY
    assert (tmp_path / "home" / "store").read_text() == "duckdb\n"  # chosen by the first command


def test_sigterm_keeps_the_batch_in_hand_and_exits_130(tmp_path: Path, many: Path) -> None:
    """What watches over processes sends it; without a server the command is the one that works."""
    with running(tmp_path, "ingest", str(many), **SLOWLY) as process:
        seen = wait_for_pictures(tmp_path, 1)
        process.terminate()
        assert process.wait(START_S) == 130
        assert process.stderr is not None
        assert b"job 1 keeps what it has, and goes on where it was" in process.stderr.read()
    assert holder(tmp_path / "home") is None
    [job] = answer(tmp_path, "job", "list")
    assert seen <= job["done"] == job["computed"] < MANY


def test_collection_is_embedded_anew_by_one_command(tmp_path: Path) -> None:
    """Without a server: the command loads both models, does the job, and changes over."""
    write_pictures(tmp_path / "photos", range(FEW))
    assert (
        run(tmp_path, "models", "synthesize", "dinov2-small", "--out", "other", "--layers", "1").returncode
        == 0
    )
    assert answer(tmp_path, "ingest", "photos")["computed"] == FEW
    job = answer(tmp_path, "collection", "re-embed", "photos", "--model", "other")
    assert (job["state"], job["done"], job["computed"]) == ("done", FEW, FEW)
    [photos] = answer(tmp_path, "collection", "list")
    assert (photos["model"], photos["items"], photos["store"]["lag"]) == ("other", FEW, 0)
    hits = run(tmp_path, "search", "--image", "photos/00007.png", "-k", "1", "--json").stdout.splitlines()
    assert json.loads(hits[0])["uri"].endswith("/00007.png")


def test_job_that_nobody_works_on_waits_and_whoever_goes_on_with_it_says_so(tmp_path: Path) -> None:
    for name in ("before", "now"):
        write_pictures(tmp_path / name, range(3))
    answer(tmp_path, "ingest", "before", "--detach")
    told = run(tmp_path, "status")
    assert b" waiting " in told.stdout
    assert b"nobody works on what is waiting" in told.stderr
    done = run(tmp_path, "ingest", "now")
    assert b"goes on with job 1 too: ingest, collection before, 0 of 0 done" in done.stderr


def test_commands_at_once_work_through_one_of_them(tmp_path: Path, many: Path) -> None:
    write_pictures(tmp_path / "few", range(FEW))
    with running(tmp_path, "ingest", str(many)) as long, running(tmp_path, "ingest", "few") as short:
        wait_for_server(tmp_path).close()
        told = answer(tmp_path, "status")
        if long.poll() is None:  # else it may have ended before the question was asked
            assert told["asked"].startswith((f"process {long.pid} ", f"process {short.pid} "))
        for process in (short, long):
            assert process.wait(START_S) == 0, process.stderr and process.stderr.read()
    counts = {one["name"]: one["items"] for one in answer(tmp_path, "collection", "list")}
    assert counts == {"photos": MANY, "few": FEW}


def test_owner_that_does_not_answer_is_named(served: Path) -> None:
    owner = holder(served / "home")
    assert owner is not None
    assert owner.pid is not None
    os.kill(owner.pid, signal.SIGSTOP)
    try:
        done = run(served, "status")
    finally:
        os.kill(owner.pid, signal.SIGCONT)
    assert done.returncode == 1
    assert f"process {owner.pid} owns".encode() in done.stderr
    assert str(owner.address).encode() in done.stderr


def test_collection_of_a_models_folder_is_used_without_naming_it_again(tmp_path: Path) -> None:
    """A change of the model's folder is told with the folder and both fingerprints."""
    shutil.copytree(BUNDLED / "mini", tmp_path / "own", ignore=shutil.ignore_patterns("sightline.lock"))
    write_pictures(tmp_path / "shop", range(3))
    assert run(tmp_path, "ingest", "shop", "--model", "own").returncode == 0
    assert len(run(tmp_path, "search", "a shoe", "--json").stdout.splitlines()) == 3
    write_pictures(tmp_path / "shop", range(3, 5))
    assert answer(tmp_path, "ingest", "shop")["computed"] == 2
    (collection,) = answer(tmp_path, "status")["collections"]
    assert collection["model_folder"] == str((tmp_path / "own").resolve())

    (tmp_path / "own").rename(tmp_path / "moved")
    gone = run(tmp_path, "search", "a shoe")
    assert gone.returncode == 1
    assert str(tmp_path / "own") in gone.stderr.decode()
    assert collection["fingerprint"][:16] in gone.stderr.decode()
    assert answer(tmp_path, "status")["collections"][0]["items"] == 5
    assert answer(tmp_path, "ingest", "shop", "--model", "moved")["computed"] == 0
    assert run(tmp_path, "search", "a shoe").returncode == 0

    config = tmp_path / "moved" / "preprocessor_config.json"
    rules = json.loads(config.read_text())
    config.write_text(json.dumps({**rules, "image_mean": [0.1, 0.1, 0.1]}))
    other = run(tmp_path, "search", "a shoe")
    assert other.returncode == 1
    assert str(tmp_path / "moved") in other.stderr.decode()
    assert collection["fingerprint"][:16] in other.stderr.decode()


def test_doctor_tells_of_an_upload_that_is_lost_and_of_one_that_nobody_names(tmp_path: Path) -> None:
    write_pictures(tmp_path / "photos", range(2))
    with running(tmp_path, "serve", "--port", "0", "--log-level", "error"):
        with wait_for_server(tmp_path) as client:
            wait_until(lambda: client.get("/readyz").status_code == 200, START_S)
            client.post("/v1/collections", json={"name": "mine"}).raise_for_status()
            files = [("file", one.read_bytes()) for one in sorted((tmp_path / "photos").iterdir())]
            items = client.post("/v1/collections/mine/items", files=files).raise_for_status().json()["items"]
        told = run(tmp_path, "backup", "library.db").stderr.decode()
        assert "with 2 uploads" in told
        kept = sorted(path for path in (tmp_path / "home" / "pictures").rglob("*") if path.is_file())
        assert sorted(path.name for path in kept) == sorted(one["sha256"] for one in items)
        stray = kept[0].with_name(f"{kept[0].name[:2]}{'0' * 62}")
        kept[0].rename(stray)
        [uploads] = [
            one for one in answer(tmp_path, "doctor", "--port", "0", code=1) if one["name"] == "uploads"
        ]
        assert uploads["state"] == "fail"
        assert (
            f"missing in mine: {next(i['id'] for i in items if i['sha256'] == kept[0].name)}"
            in uploads["found"]
        )
        run(tmp_path, "doctor", "--port", "0", "--remove-unnamed")
        assert not stray.exists()
        assert kept[1].exists()


def test_reembed_says_what_keeps_it_from_changing_over_and_what_was_taken_out(tmp_path: Path) -> None:
    write_pictures(tmp_path / "photos", range(3))
    assert (
        run(tmp_path, "models", "synthesize", "dinov2-small", "--out", "o", "--layers", "1").returncode == 0
    )
    answer(tmp_path, "ingest", "photos")
    (tmp_path / "photos" / "00001.png").unlink()
    asked = ("collection", "re-embed", "photos", "--model", "o")
    kept = run(tmp_path, *asked)
    assert kept.returncode == 3
    assert b"photos is still searched with mini: 1 item has no vector of o; put it back" in kept.stderr
    dropped = run(tmp_path, *asked, "--drop-unreadable")
    assert dropped.returncode == 0, dropped.stderr
    assert b"1 item is taken out: " in dropped.stderr
    assert b"photos is searched with o from now on" in dropped.stderr
    assert b"sightline retry" not in dropped.stderr
    assert b"job 2 is out of date: job 3 embedded photos anew since" in run(tmp_path, "retry", "2").stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("search", "-c", "photos", "caf\udce9"),
        ("search", "-c", "photos", "a mug", "--filter", '{"caf\udce9": 1}'),
        ("ingest", "photos", "--exclude", "caf\udce9"),
        ("backup", "caf\udce9"),
        ("collection", "remove", "photos", "caf\udce9"),
        ("store", "switch", "--to", "caf\udce9"),
    ],
)
def test_argument_that_is_not_text_is_shown_in_one_line(served: Path, arguments: tuple[str, ...]) -> None:
    done = run(served, *arguments)
    assert done.returncode == 2
    assert done.stderr.count(b"\n") == 1
    assert b"caf\\xe9" in done.stderr
    assert b"is not text in UTF-8" in done.stderr


@pytest.mark.parametrize("closed", ["2>&-", ">&-", "<&- >&- 2>&-"])
def test_streams_that_are_closed_lead_nowhere_and_the_work_is_done(tmp_path: Path, closed: str) -> None:
    write_pictures(tmp_path / "photos", range(3))
    shell = f'"{sys.executable}" -m sightline ingest photos {closed}'
    settings = environment(tmp_path / "cache", **settings_of(tmp_path / "home"))
    assert subprocess.run(["/bin/sh", "-c", shell], cwd=tmp_path, env=settings, check=False).returncode == 0
    [photos] = answer(tmp_path, "collection", "list")
    assert photos["items"] == 3


def test_export_of_a_part_of_a_map_needs_a_map(served: Path) -> None:
    done = run(served, "export", "few.txt", "-c", "photos", "--within", '{"clusters": [3]}')
    assert (done.returncode, b"has no map" in done.stderr) == (1, True)
    assert not list(served.glob("few.txt"))


def test_export_says_how_many_items_it_wrote_and_which_field_no_item_has(served: Path) -> None:
    done = run(served, "export", "few.jsonl", "-c", "photos", "--filter", '{"colr": "red"}')
    assert done.returncode == 0
    assert b"no item has the field 'colr'\n0 items of photos to few.jsonl" in done.stderr
    told = answer(served, "export", "all.jsonl", "-c", "photos", "--no-vectors")
    assert told["items"] == len((served / "all.jsonl").read_bytes().splitlines())


def test_what_is_to_go_is_looked_for_before_anybody_is_asked(served: Path) -> None:
    unknown = run(served, "collection", "remove-source", "photos", "nowhere")
    assert b"photos has no source nowhere; its sources are: " in unknown.stderr
    assert b"collection 'nothing'" in run(served, "collection", "delete", "nothing").stderr
    asked = run(served, "collection", "delete", "photos")
    assert asked.returncode == 2
    assert re.search(rb"Delete photos with \d+ items, .* say so by --yes", b" ".join(asked.stderr.split()))


def test_store_that_does_not_answer_is_named_with_the_reason_and_nothing_else(tmp_path: Path) -> None:
    write_pictures(tmp_path / "photos", range(1))
    answer(tmp_path, "ingest", "photos")
    for kind in ("postgresql", "qdrant"):
        done = run(tmp_path, "store", "switch", "--to", f"{kind}://me:secret@127.0.0.1:1/there")
        assert done.returncode == 1
        [line] = done.stderr.splitlines()
        assert line.startswith(b"error: 127.0.0.1:1: the connection is refused")
