"""Both clients against a real server; its model is a fake."""

import csv
import io

import numpy as np
import pytest
from PIL import Image

from sightline.client.events import JobEvent
from sightline.domain.errors import InvalidRequestError, ServerAwayError, ServerRefusedError
from tests.clients import CLIENTS
from tests.e2e.serving import running
from tests.fakes import DIM, fake_model
from tests.libraries import write_pictures
from tests.pictures import picture, saved
from tests.processes import free_port

COUNT = 12


@pytest.fixture(scope="module")
def roots(tmp_path_factory):
    roots = tmp_path_factory.mktemp("roots")
    write_pictures(roots / "cats", range(COUNT))
    (roots / "cats" / "twin.png").write_bytes((roots / "cats" / "00003.png").read_bytes())
    return roots


@pytest.fixture(scope="module")
def server(tmp_path_factory, roots):
    home = tmp_path_factory.mktemp("home")
    with running(home=str(home), source_roots=str(roots), max_items=100) as server:
        yield server


@pytest.fixture(params=CLIENTS)
def kind(request):
    return request.param


@pytest.fixture
def client(kind, server):
    with CLIENTS[kind](server.url) as client:
        yield client


@pytest.fixture
def cats(client, kind, roots):
    """A collection that was taken in, of this client's own; again for each test, which brings nothing new."""
    name = f"cats_{kind}"
    job = client.wait(client.ingest(name, roots / "cats", include=["*.png"]))
    assert (job.state, job.failed) == ("done", 0)
    return name


def test_models_are_told_with_what_they_embed(client):
    (model,) = client.models()
    assert (model.id, model.dim, list(model.modalities)) == ("fake", DIM, ["image", "text"])


def test_vectors_are_those_of_the_model_whatever_a_picture_comes_as(client, roots):
    path = roots / "cats" / "00000.png"
    drawn = Image.open(io.BytesIO(path.read_bytes()))
    made = client.embed_images([path, str(path), path.read_bytes(), drawn])
    assert made.dtype == np.float32
    assert np.allclose(made, fake_model().embed_images([path] * 4), atol=1e-6)


def test_more_items_than_a_request_takes_go_in_several_and_keep_their_order(client):
    texts = [f"{number:03}" for number in range(300)]  # the server takes 100 at once, the client sends 256
    with pytest.raises(ServerRefusedError, match="the limit is 100"):
        client.embed_texts(texts)
    pictures = [saved(picture((8, 8), seed), "PNG") for seed in range(150)]
    assert np.allclose(client.embed_images(pictures), fake_model().embed_images(pictures), atol=1e-6)


def test_no_texts_have_no_vectors_of_the_models_length(client):
    assert client.embed_texts([]).shape == client.embed_images([]).shape == (0, DIM)


@pytest.mark.parametrize("one", ["shoe.jpg", b"bytes"])
def test_one_picture_is_not_taken_for_a_list_of_letters(client, one):
    with pytest.raises(InvalidRequestError, match="give a list"):
        client.embed_images(one)


def test_folder_is_taken_in_and_its_job_followed(client, cats):
    (newest, *_) = client.jobs(cats)
    assert client.job(newest.id) == newest
    events = list(client.events(newest, after=0))
    assert isinstance(events[0], JobEvent)
    assert (events[0].kind, events[0].data["collection"]) == ("job", cats)
    assert events[-1].kind == "done"
    ids = [event.id for event in events[1:]]
    assert ids == sorted(set(ids))


def test_waiting_tells_how_far_a_job_is(client, kind, roots):
    told = []
    job = client.wait(client.ingest(f"told_{kind}", str(roots / "cats")), progress=told.append)
    assert told[-1] == job
    assert job.is_over


def test_search_finds_by_picture_item_vector_and_several(client, cats, roots):
    path = roots / "cats" / "00005.png"
    found = client.search(cats, image=path, k=3)
    assert len(found) == 3
    best = found.hits[0]
    assert best.uri.endswith("00005.png")
    assert best.score == pytest.approx(1, abs=1e-3)
    (vector,) = client.embed_images([path])
    assert client.search(cats, vector=vector, k=1).hits[0].id == best.id
    assert client.search(cats, item=best.id, k=1, with_asked=True).hits[0].id == best.id
    several = client.search(cats, query=[{"image": path}, {"text": "cat", "weight": 0.01}], k=1)
    assert several.hits[0].id == best.id
    assert client.item(cats, best.id).uri == best.uri


def test_pictures_are_put_in_with_what_is_known_of_them_and_found_by_it(client, kind):
    name = f"put_{kind}"
    assert client.create(name).items == 0
    pictures = [saved(picture((8, 8), seed), "PNG") for seed in range(70)]  # two requests
    ids = [f"a/{number}" for number in range(70)]
    added = client.add(name, pictures, ids=ids, metadata=[{"price": number} for number in range(70)])
    assert (list(added.ids), added.is_searchable) == (ids, True)
    found = client.search(name, image=pictures[69], filter={"price": {"gte": 60}}, k=20)
    assert found.hits[0].id == "a/69"
    assert len(found) == 10
    assert client.remove(name, ["a/69", "never"]) == 1
    assert client.describe(name).items == 69
    client.delete(name)
    assert name not in [one.name for one in client.collections()]


def test_as_many_values_as_pictures_are_wanted(client, cats):
    with pytest.raises(InvalidRequestError, match="1 values of id for 2 pictures"):
        client.add(cats, [b"a", b"b"], ids=["one"])


def test_duplicates_are_told_with_the_one_to_keep(client, cats):
    (group,) = client.duplicates(cats, threshold="exact")
    (copy,) = group.copies
    assert copy.exact
    assert {group.keeper.sha256} == {copy.item.sha256}


def test_export_writes_a_file_of_the_kind_that_its_name_says(client, cats, tmp_path):
    path = client.export(cats, tmp_path / "cats.csv", vectors=False)
    with path.open(encoding="utf-8", newline="") as file:
        assert len(list(csv.DictReader(file))) == COUNT + 1
    assert [one.name for one in tmp_path.iterdir()] == ["cats.csv"]


def test_export_that_is_refused_leaves_the_file_that_was_there(client, tmp_path):
    (tmp_path / "cats.csv").write_text("mine")
    with pytest.raises(ServerRefusedError):
        client.export("nothing", tmp_path / "cats.csv")
    assert (tmp_path / "cats.csv").read_text() == "mine"
    with pytest.raises(InvalidRequestError, match="'txt' is no format"):
        client.export("nothing", tmp_path / "cats.txt")


def test_map_is_drawn_fetched_selected_from_and_exported(client, cats, tmp_path):
    job = client.wait(client.draw_map(cats, algorithm="pca"))
    assert (job.kind, job.state) == ("map", "done")
    info, frame, points = client.map_info(cats), client.map(cats), client.map_points(cats)
    assert (info.state, info.algorithm, info.points) == ("ready", "pca", COUNT + 1)
    assert np.array_equal(np.stack([frame["x"], frame["y"]]), np.stack([points.x, points.y]))
    assert set(frame["id"]) == {hit.id for hit in client.search(cats, text="cat", k=100)}
    middle = float(np.median(frame["x"]))
    right = [{"op": "add", "polygon": [[middle, -9e9], [9e9, -9e9], [9e9, 9e9], [middle, 9e9]]}]
    chosen = client.select(cats, lasso=right)
    assert len(chosen) == COUNT + 1
    assert (points.x[chosen] >= middle).all()
    assert (points.x[~chosen] <= middle).all()
    path = client.export(cats, tmp_path / "right.ids", within={"lasso": right})
    assert set(path.read_text().split()) == set(frame["id"][chosen])


def test_refusal_carries_the_servers_code_and_the_requests_id(client):
    with pytest.raises(ServerRefusedError, match="nothing") as refused:
        client.describe("nothing")
    assert refused.value.code == "collection_not_found"
    assert refused.value.request_id


def test_key_opens_a_server_that_wants_one(kind):
    with running(api_key="open sesame") as server, CLIENTS[kind](server.url, api_key="open sesame") as client:
        assert client.models()
        with CLIENTS[kind](server.url) as stranger, pytest.raises(ServerRefusedError) as refused:
            stranger.models()
        assert refused.value.code == "unauthorized"


def test_nobody_at_an_address_is_said_with_the_address(kind):
    url = f"http://127.0.0.1:{free_port()}"
    with CLIENTS[kind](url) as client, pytest.raises(ServerAwayError, match=url):
        client.ingest("cats", "/srv/cats")  # at once: to ask twice might take it in twice
