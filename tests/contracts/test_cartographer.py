"""Maps as the server has them drawn: by a real process, with UMAP. What compiles is kept for the session."""

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from sightline.domain.errors import MapFailedError
from sightline.domain.maps import NO_CLUSTER, MapOrder
from sightline.projections.cartographer import COMMAND, ProcessCartographer
from sightline.projections.placing import place
from tests.blobs import anywhere, blobs

pytestmark = pytest.mark.timeout(240)  # the first one compiles, beside who knows what else
FILES = ("places", "clusters", "landmarks", "neighbours", "scores")
ROWS = 600


@pytest.fixture(scope="session")
def compiled(tmp_path_factory):
    return tmp_path_factory.mktemp("compiled")


@pytest.fixture
def cartographer(compiled):
    return ProcessCartographer(compiled)


@pytest.fixture(scope="session")
def planted(tmp_path_factory, compiled):
    """A folder with five blobs, of which one map was drawn, what is known of it, and whose each row is."""
    folder = tmp_path_factory.mktemp("planted")
    vectors, labels = blobs(ROWS)
    return folder, drawn(ProcessCartographer(compiled), folder, vectors), labels


def drawn(cartographer, folder, vectors, tell=lambda *said: None, **order):
    folder.mkdir(exist_ok=True)
    np.save(folder / "vectors.npy", vectors)
    return cartographer.draw(folder, MapOrder(**order), tell)


def files(folder):
    return {name: np.load(folder / f"{name}.npy") for name in FILES}


def acting(code):
    """A process that does this in place of drawing."""
    return [sys.executable, "-c", textwrap.dedent(code)]


def drawing_after(code):
    """The process that draws, changed before it does."""
    return acting(
        f"import runpy, sys; {code}; runpy.run_module('sightline.projections', run_name='__main__')"
    )


def without(*packages):
    """The process that draws, on a machine that lacks these."""
    return drawing_after("; ".join(f"sys.modules[{name!r}] = None" for name in packages))


def test_planted_blobs_are_clusters_and_lie_apart(planted):
    folder, result, labels = planted
    made = files(folder)

    assert result.algorithm == "umap"
    assert result.note == ""
    assert result.landmarks == ROWS
    assert result.graph_recall == 1
    assert result.trustworthiness > 0.85
    assert len(result.outliers) == 20
    assert list(result.timings_s) == ["vectors", "graph", "layout", "places", "clusters"]
    numbers = [np.bincount(made["clusters"][labels == label]).argmax() for label in range(5)]
    assert sorted(numbers) == [0, 1, 2, 3, 4]
    assert (made["clusters"] == np.array(numbers)[labels]).mean() > 0.95
    centres = np.array([made["places"][labels == label].mean(axis=0) for label in range(5)])
    between = np.linalg.norm(centres[:, np.newaxis] - centres, axis=2)[np.triu_indices(5, 1)].min()
    within = np.linalg.norm(made["places"] - centres[labels], axis=1).mean()
    assert between > 2 * within


def test_the_same_seed_draws_the_same_map_and_another_another(planted, cartographer, tmp_path):
    folder, _, _ = planted
    vectors = np.load(folder / "vectors.npy")

    drawn(cartographer, tmp_path / "again", vectors, seed=0)
    drawn(cartographer, tmp_path / "other", vectors, seed=1)

    again, other = files(tmp_path / "again"), files(tmp_path / "other")
    for name, array in files(folder).items():
        np.testing.assert_array_equal(again[name], array, err_msg=name)
    assert (other["places"] != again["places"]).any()


def test_a_picture_of_the_map_placed_again_stays_where_it_is(planted, cartographer):
    folder, _, _ = planted
    vectors, places = np.load(folder / "vectors.npy"), files(folder)["places"]

    np.testing.assert_array_equal(cartographer.place(vectors[:50], vectors, places), places[:50])


@pytest.mark.parametrize("rows", [0, 1, 4, 20])
def test_few_rows_are_drawn_too(cartographer, tmp_path, rows):
    result = drawn(cartographer, tmp_path, anywhere(rows))

    made = files(tmp_path)
    assert np.isfinite(made["places"]).all()
    assert len(made["places"]) == len(made["clusters"]) == rows
    assert result.algorithm == ("pca" if rows < 4 else "umap")


def test_copies_neither_pile_up_nor_tear_their_surroundings_apart(cartographer, tmp_path):
    vectors, labels = blobs(200, count=3)
    rows = np.concatenate(
        [np.arange(200), np.zeros(100, dtype=np.int64)]
    )  # far more than there are neighbours

    drawn(cartographer, tmp_path, vectors[rows])

    places = files(tmp_path)["places"]
    assert (places[200:] == places[0]).all()
    own = np.linalg.norm(places[:200][labels == labels[0]] - places[0], axis=1)
    others = np.linalg.norm(places[:200][labels != labels[0]] - places[0], axis=1)
    assert np.median(own) < others.min()


def test_of_more_rows_than_landmarks_the_others_lie_among_them(planted, compiled, tmp_path):
    """A layout of 200 of 600, which a map of a million is of 100,000."""
    few = "import sightline.projections.drawing as drawing; drawing.LANDMARKS = 200"
    vectors, labels = blobs(ROWS)

    result = drawn(ProcessCartographer(compiled, command=drawing_after(few)), tmp_path, vectors)

    made = files(tmp_path)
    assert result.landmarks == made["landmarks"].sum() == 200
    known, others = np.flatnonzero(made["landmarks"]), np.flatnonzero(~made["landmarks"])
    by_rule = place(vectors[others], vectors[known], made["places"][known])
    assert (np.abs(by_rule - made["places"][others]).max(axis=1) < 1e-4).mean() > 0.95
    centres = np.array([made["places"][labels == label].mean(axis=0) for label in range(5)])
    nearest = np.linalg.norm(made["places"][:, np.newaxis] - centres, axis=2).argmin(axis=1)
    assert (nearest == labels).mean() > 0.98


@pytest.mark.parametrize(("order", "is_drawn"), [("auto", True), ("pca", True), ("umap", False)])
def test_without_umap_maps_are_by_pca_and_say_so(compiled, tmp_path, order, is_drawn):
    cartographer = ProcessCartographer(compiled, command=without("umap"))
    if not is_drawn:
        with pytest.raises(
            MapFailedError, match=r"UMAP is not installed; run: pip install 'sightline\[map\]'"
        ):
            drawn(cartographer, tmp_path, anywhere(50), algorithm=order)
        return

    result = drawn(cartographer, tmp_path, blobs(50)[0], algorithm=order)

    assert result.algorithm == "pca"
    assert ("sightline[map]" in result.note) == (order == "auto")


def test_without_scikit_learn_there_are_no_clusters_and_the_note_says_so(compiled, tmp_path):
    cartographer = ProcessCartographer(compiled, command=without("umap", "sklearn.cluster"))

    result = drawn(cartographer, tmp_path, blobs(100)[0], algorithm="pca")

    assert (files(tmp_path)["clusters"] == NO_CLUSTER).all()
    assert result.note == "no clusters, as scikit-learn is not installed; run: pip install 'sightline[map]'"


def test_what_is_wrong_with_the_vectors_is_said(cartographer, tmp_path):
    with pytest.raises(MapFailedError, match="row 7 is no vector of length 1"):
        drawn(cartographer, tmp_path, np.concatenate([anywhere(7), np.full((1, 16), np.nan, np.float32)]))


def test_a_file_that_cannot_be_written_fails_the_drawing(cartographer, tmp_path):
    (tmp_path / "neighbours.npy").mkdir()

    with pytest.raises(MapFailedError, match="cannot be read or written: Is a directory"):
        drawn(cartographer, tmp_path, anywhere(5), algorithm="pca")


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "signal 9, as when memory runs out"),
        ("import os; os.abort()", "signal 6"),
        ("raise SystemExit(3)", "failed, and the server's log says how"),
        ("1 / 0", "failed, and the server's log says how"),
    ],
)
def test_a_process_that_dies_fails_its_drawing_and_no_other(planted, compiled, tmp_path, code, message):
    with pytest.raises(MapFailedError, match=message):
        drawn(ProcessCartographer(compiled, command=acting(code)), tmp_path, anywhere(5))


def test_what_the_process_said_last_is_in_the_log(compiled, tmp_path, caplog):
    with pytest.raises(MapFailedError):
        drawn(ProcessCartographer(compiled, command=acting("1 / 0")), tmp_path, anywhere(5))

    assert "ZeroDivisionError" in caplog.text


def test_a_process_that_cannot_be_started_fails_the_drawing(compiled, tmp_path):
    with pytest.raises(MapFailedError, match="cannot be started: No such file or directory"):
        drawn(ProcessCartographer(compiled, command=[str(tmp_path / "none")]), tmp_path, anywhere(5))


def test_a_drawing_that_takes_too_long_is_ended(compiled, tmp_path):
    cartographer = ProcessCartographer(compiled, command=acting(SLEEPS), time_limit_s=1)

    with pytest.raises(MapFailedError, match="longer to draw than it may"):
        drawn(cartographer, tmp_path, anywhere(5))

    assert is_gone(int((tmp_path / "pid").read_text()))


SLEEPS = """
    import os, pathlib, sys, time
    pathlib.Path(sys.argv[-1], "pid").write_text(str(os.getpid()))
    time.sleep(100)
"""


class Cancelled(Exception):  # noqa: N818
    """What a job raises when it is cancelled."""


def test_what_tell_raises_ends_the_process_within_a_second(compiled, tmp_path):
    began = []

    def tell(stage, share):
        if (tmp_path / "pid").exists():
            began.append(time.monotonic())
            raise Cancelled

    with pytest.raises(Cancelled):
        drawn(ProcessCartographer(compiled, command=acting(SLEEPS)), tmp_path, anywhere(5), tell)

    assert time.monotonic() - began[0] < 1
    assert is_gone(int((tmp_path / "pid").read_text()))


def test_who_watches_hears_twice_a_second_even_of_a_process_that_says_nothing(compiled, tmp_path):
    heard = []

    def tell(stage, share):
        heard.append(time.monotonic())
        if len(heard) == 6:
            raise Cancelled

    with pytest.raises(Cancelled):
        drawn(ProcessCartographer(compiled, command=acting(SLEEPS)), tmp_path, anywhere(5), tell)

    assert np.diff(heard).max() < 0.5


def test_who_waits_for_a_turn_hears_too_and_can_go(compiled, tmp_path):
    cartographer = ProcessCartographer(compiled, command=acting(SLEEPS))
    stop = threading.Event()

    def hold(stage, share):
        if stop.is_set():
            raise Cancelled

    def leave(stage, share):
        raise Cancelled

    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(drawn, cartographer, tmp_path / "first", anywhere(5), hold)
        wait_for(tmp_path / "first" / "pid")
        with pytest.raises(Cancelled):
            drawn(cartographer, tmp_path / "second", anywhere(5), leave)
        stop.set()
        with pytest.raises(Cancelled):
            first.result()
    assert not (tmp_path / "second" / "pid").exists()


def test_ten_at_once_are_drawn_one_after_the_other(compiled, tmp_path):
    cartographer = ProcessCartographer(compiled, command=without("umap", "sklearn.cluster"))  # to start fast
    vectors, at_work, most = blobs(60)[0], set(), []

    def draw(number):
        def tell(stage, share):
            if share > 0:
                at_work.add(number)
                most.append(len(at_work))

        result = drawn(cartographer, tmp_path / str(number), vectors, tell, algorithm="pca")
        at_work.discard(number)
        return result

    with ThreadPoolExecutor(10) as pool:
        results = list(pool.map(draw, range(10)))

    assert [result.algorithm for result in results] == ["pca"] * 10
    assert max(most) <= 2  # one that has ended may not have said so yet
    first = files(tmp_path / "0")["places"]
    assert all((files(tmp_path / str(number))["places"] == first).all() for number in range(10))


def test_the_process_ends_when_who_asked_dies(compiled, tmp_path):
    """By a kill, while it computes and has nothing to say."""
    silent = "import os, time, sightline.projections.drawing as drawing; drawing.draw = " + (
        "lambda folder, *_: ((folder / 'pid').write_text(str(os.getpid())), time.sleep(100))"
    )
    (tmp_path / "asking.py").write_text(
        textwrap.dedent(f"""
            from pathlib import Path
            from sightline.domain.maps import MapOrder
            from sightline.projections.cartographer import ProcessCartographer
            cartographer = ProcessCartographer(Path({str(compiled)!r}), command={drawing_after(silent)!r})
            cartographer.draw(Path({str(tmp_path)!r}), MapOrder(), lambda *_: None)
        """)
    )
    asking = subprocess.Popen([sys.executable, tmp_path / "asking.py"])
    wait_for(tmp_path / "pid")
    asking.send_signal(signal.SIGKILL)
    asking.wait()

    until = time.monotonic() + 10
    while not is_gone(int((tmp_path / "pid").read_text())) and time.monotonic() < until:
        time.sleep(0.05)
    assert is_gone(int((tmp_path / "pid").read_text()))


def test_the_process_takes_no_module_from_the_working_folder(compiled, tmp_path, monkeypatch):
    (tmp_path / "numpy.py").write_text("raise SystemExit('the wrong one')")
    monkeypatch.chdir(tmp_path)

    assert COMMAND[1:] == ("-P", "-m", "sightline.projections")
    drawn(ProcessCartographer(compiled), tmp_path / "folder", anywhere(5), algorithm="pca")


def wait_for(path):
    until = time.monotonic() + 30
    while not path.exists():
        assert time.monotonic() < until, f"{path} never came"
        time.sleep(0.02)


def is_gone(pid):
    """Ended, or ended and not yet seen to have."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
