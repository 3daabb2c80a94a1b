import base64
import collections
import io
import json
from typing import get_args

import numpy as np
import pytest
from PIL import Image
from python_multipart import parse_form

from sightline.cli.bench.serve import PeerShape, Route
from sightline.cli.bench.serve.shapes import OURS, PEERS
from sightline.cli.bench.serve.traffic import (
    STAMP_BYTES,
    Deck,
    Mixture,
    Picture,
    Traffic,
    drawn,
    from_folder,
    stamp,
)
from sightline.domain.errors import InvalidRequestError
from tests.fakes import encoded

JPEG = encoded(0, (40, 30), "JPEG")
DECK = Deck([Picture(JPEG[2:])], [1.0])


def traffic(shape, *, items=1, is_repeated=False, mix=None, seed=0, deck=DECK):
    mix = mix or {shape.usual: 1.0}
    envelopes = {kind: form.envelope("the model") for kind, form in shape.forms.items()}
    return Traffic(envelopes, deck, Mixture(mix, items, is_repeated, seed))


def body_of(sent):
    return b"".join(sent.pieces)


def fields_of(sent):
    """A multipart form's fields and files, read by the library that servers read them with."""
    found = {}
    parse_form(
        {"Content-Type": sent.envelope.content_type.encode()},
        io.BytesIO(body_of(sent)),
        lambda field: found.__setitem__(field.field_name.decode(), field.value),
        lambda file: (
            file.file_object.seek(0),
            found.__setitem__(file.field_name.decode(), file.file_object.read()),
        ),
    )
    return found


def pixels(data):
    return np.asarray(Image.open(io.BytesIO(data)))


@pytest.mark.parametrize("mark", ["", "0", "0badcafe 12345678901"])
def test_stamp_is_a_comment_that_changes_no_pixel(mark):
    stamped = stamp(mark) + JPEG[2:]
    assert len(stamp(mark)) == STAMP_BYTES
    assert stamped != JPEG
    assert np.array_equal(pixels(stamped), pixels(JPEG))


@pytest.mark.parametrize("shape", [OURS["/embed-image"], OURS["/v1/embeddings"], PEERS["infinity"]])
def test_no_two_requests_are_alike_unless_that_is_wanted(shape):
    row = traffic(shape, items=1, mix={"picture": 0.5, "text": 0.5})
    assert len({body_of(row.next()) for _ in range(200)}) == 200
    other = traffic(shape)
    assert body_of(other.one("picture")) != body_of(traffic(shape).one("picture")), "nor are two runs"
    repeated = traffic(shape, is_repeated=True)
    assert len({body_of(repeated.next()) for _ in range(20)}) == 1


def test_same_seed_gives_the_same_row():
    row, again = (traffic(OURS["/embed-image"], mix={"picture": 0.5, "text": 0.5}) for _ in range(2))
    paths = [row.next().envelope.path for _ in range(50)]
    assert paths == [again.next().envelope.path for _ in range(50)]
    assert set(paths) == {"/embed-image", "/embed/text"}


def test_kinds_and_pictures_come_in_their_shares():
    deck = Deck([Picture(b"small"), Picture(b"large")], [0.9, 0.1])
    row = traffic(OURS["/embed-image"], mix={"picture": 0.8, "text": 0.2}, deck=deck)
    sent = [row.next() for _ in range(5000)]
    kinds = collections.Counter(one.envelope.path for one in sent)
    assert kinds["/embed/text"] / 5000 == pytest.approx(0.2, abs=0.03)
    large = sum(b"large" in one.pieces for one in sent) / kinds["/embed-image"]
    assert large == pytest.approx(0.1, abs=0.03)


@pytest.mark.parametrize("route", ["/embed-image", "/embed/image"])
def test_upload_holds_a_jpeg_in_the_field_file(route):
    sent = traffic(OURS[route]).one("picture")
    assert np.array_equal(pixels(fields_of(sent)["file"]), pixels(JPEG))


def test_upload_for_immich_names_its_model_in_entries():
    picture, text = (traffic(PEERS["immich"]).one(kind) for kind in ("picture", "text"))
    fields = fields_of(picture)
    assert json.loads(fields["entries"]) == {"clip": {"visual": {"modelName": "the model"}}}
    assert np.array_equal(pixels(fields["image"]), pixels(JPEG))
    fields = fields_of(text)
    assert json.loads(fields["entries"]) == {"clip": {"textual": {"modelName": "the model"}}}
    assert fields["text"].startswith(b"a ")


def picture_in(text):
    return pixels(base64.b64decode(text.removeprefix("data:image/jpeg;base64,"), validate=True))


@pytest.mark.parametrize(
    ("shape", "path", "others", "pictures"),
    [
        (
            PEERS["openai"],
            "/v1/embeddings",
            {"model": "the model"},
            lambda body: [i["image"] for i in body["input"]],
        ),
        (
            PEERS["infinity"],
            "/embeddings",
            {"model": "the model", "modality": "image"},
            lambda body: body["input"],
        ),
        (
            PEERS["clip-as-service"],
            "/post",
            {"execEndpoint": "/"},
            lambda body: [i["blob"] for i in body["data"]],
        ),
    ],
)
def test_pictures_in_json_are_base64_in_lists(shape, path, others, pictures):
    sent = traffic(shape, items=3).one("picture")
    body = json.loads(body_of(sent))
    assert (sent.items, sent.envelope.path) == (3, path)
    assert others.items() <= body.items()
    found = pictures(body)
    assert len(set(found)) == 3
    assert all(np.array_equal(picture_in(text), pixels(JPEG)) for text in found)


@pytest.mark.parametrize(
    ("shape", "texts"),
    [
        (OURS["/embed/text"], lambda body: [body["text"]]),
        (OURS["/embed/text/batch"], lambda body: body["texts"]),
        (OURS["/v1/embeddings"], lambda body: body["input"]),
        (PEERS["infinity"], lambda body: body["input"]),
        (PEERS["clip-as-service"], lambda body: [item["text"] for item in body["data"]]),
    ],
)
def test_texts_are_a_few_words(shape, texts):
    items = 2 if shape.forms["text"].envelope(None).takes_lists else 1
    found = texts(json.loads(body_of(traffic(shape, items=items).one("text"))))
    assert len(set(found)) == items
    assert all(text.startswith("a ") for text in found)


def test_model_that_nobody_chose_is_left_out():
    envelope = OURS["/v1/embeddings"].forms["text"].envelope(None)
    assert json.loads(b"".join(envelope.body([]))) == {"input": []}


def test_pictures_of_a_folder_are_its_jpegs(tmp_path):
    (tmp_path / "notes.txt").write_text("no picture")
    with pytest.raises(InvalidRequestError, match="no JPEG"):
        from_folder(tmp_path)
    (tmp_path / "a.jpg").write_bytes(JPEG)
    (tmp_path / "b").write_bytes(JPEG)
    assert [b"\xff\xd8" + picture.rest for picture in from_folder(tmp_path).pictures] == [JPEG, JPEG]


def test_drawn_pictures_have_the_sizes_wanted_and_the_grain_of_photos():
    deck = drawn({"60x80": 0.75, "120x40": 0.25})
    sizes = collections.Counter(pixels(b"\xff\xd8" + picture.rest).shape[1::-1] for picture in deck.pictures)
    assert sizes == {(60, 80): 8, (120, 40): 8}
    assert len({picture.rest for picture in deck.pictures}) == 16
    assert sum(deck.weights) == pytest.approx(8)
    assert all(len(picture.rest) > 60 * 80 / 4 for picture in deck.pictures[:8]), "a photo has 2 bits a pixel"


def test_options_offer_every_route_and_shape():
    assert get_args(get_args(Route)[0]) == tuple(OURS)
    assert get_args(get_args(PeerShape)[0]) == tuple(PEERS)
