"""Clusters are named by what is particular to them, however that can be known."""

import hashlib

import numpy as np
import pytest

from drawings import KINDS, Product, draw
from sightline.bootstrap import LoadOptions, load_model
from sightline.domain.collections import Space
from sightline.domain.errors import NotReadyError
from sightline.services.atlas.naming import ClusterNames, Crowd, Named, assigned, scores
from sightline.services.atlas.vocabulary import PART, WordVectors, built_in_words
from sightline.services.served import ServedModels
from sightline.services.workshop import Workshop
from tests.fakes import CONTEXT, DIM, Turnstile, fake_model

SPACE = Space("space-of-fake", "fake", DIM)
NOWHERE = np.zeros(DIM, dtype=np.float32)


class StoppedError(Exception):
    """What a job's look raises when the job is cancelled."""


class WholeTexts:
    """Other ids for every other text, however alike they begin."""

    def encode(self, texts):
        digests = [hashlib.sha256(text.encode()).digest()[:CONTEXT] for text in texts]
        return np.array([list(digest) for digest in digests], dtype=np.int64) + 2


@pytest.fixture
def turnstile():
    return Turnstile()


@pytest.fixture
def opened(tmp_path):
    """Names by a model, and its service; ended with the test."""
    workshops = []

    def open_(model):
        workshop = Workshop(threads=2)
        workshops.append(workshop)
        served = ServedModels([model.card.name], loader=lambda _: model, workshop=workshop)
        served.load()
        return ClusterNames(served, WordVectors(tmp_path / "words", workshop)), workshop

    yield open_
    for workshop in workshops:
        workshop.close()


def crowd(direction=NOWHERE, size=10, **values):
    return Crowd(size, np.asarray(direction, dtype=np.float32), values)


def toward(model, *words):
    """Crowds of pictures that show just what each word says: a fake model knows no other likeness."""
    return [crowd(vector) for vector in model.embed_texts([f"a photo of {word}" for word in words])]


def middle(crowds):
    return crowd(np.mean([one.direction for one in crowds], axis=0), size=100)


def test_clusters_of_drawn_things_are_called_by_their_kind(opened):
    model = load_model("mini", LoadOptions())
    names, _ = opened(model)
    kinds = {"dress": {"dress", "gown"}, "shoes": {"shoes", "sneakers"}, "mug": {"mug", "cup"},
             "chair": {"chair"}, "lamp": {"lamp"}, "backpack": {"backpack"}, "sofa": {"sofa", "couch"},
             "watch": {"watch"}}  # fmt: skip
    drawn = {
        kind: model.embed_images(
            [draw(Product(kind, colour), 128, seed) for seed, colour in enumerate(("red", "blue", "grey"))]
        ).mean(axis=0)
        for kind in KINDS
    }
    crowds = [crowd(vector) for vector in drawn.values()]
    space = Space(model.fingerprint, "mini", model.dim)
    found = dict(zip(drawn, names.of(space, crowds, middle(crowds)), strict=True))
    assert {kind: found[kind].name for kind in kinds if found[kind].name not in kinds[kind]} == {}
    assert {found[kind].by for kind in kinds} == {"vocabulary"}
    assert len({named.name for named in found.values()}) == len(KINDS)


def test_given_words_are_chosen_from_instead_of_those_built_in(opened):
    model = fake_model(tokenizer=WholeTexts())
    names, _ = opened(model)
    crowds = toward(model, "boat", "fog")
    found = names.of(SPACE, crowds, middle(crowds), vocabulary=["fog", "rain", "boat", "fog"])
    assert found == [Named("boat", "vocabulary"), Named("fog", "vocabulary")]


def test_built_in_words_are_everyday_ones_each_once():
    words = built_in_words()
    assert 600 <= len(words) <= 1000
    assert len(set(words)) == len(words)
    assert {"dress", "shoes", "dog", "beach", "leather"} <= set(words)
    assert all(word == word.strip() and word for word in words)


def test_two_clusters_of_one_word_are_told_apart_by_a_number(opened):
    model = fake_model(tokenizer=WholeTexts())
    names, _ = opened(model)
    crowds = toward(model, "boat", "boat", "fog")
    found = names.of(SPACE, crowds, middle(crowds), vocabulary=["boat", "fog", "rain"])
    assert sorted(named.name for named in found) == ["boat", "boat 2", "fog"]


def test_what_all_clusters_share_names_none_of_them():
    everywhere, one, other = np.eye(3, dtype=np.float32)
    clusters = np.stack([3 * everywhere + one, 3 * everywhere + other])
    found = scores(clusters, clusters.mean(axis=0), np.stack([everywhere, one, other]))
    assert found.argmax(axis=1).tolist() == [1, 2]


def test_of_words_nearly_as_good_the_plainest_is_taken_and_of_several_the_first_of_the_list():
    found = np.array([[0.70, 0.69, 0.60]], dtype=np.float32)
    assert assigned(found, ["pleated skirt", "skirt", "hat"], found > 0) == {0: "skirt"}
    assert assigned(found, ["bottle", "flask", "hat"], found > 0) == {0: "bottle"}
    assert assigned(found, ["flask", "bottle", "hat"], found > 0) == {0: "flask"}


def test_word_that_two_clusters_want_goes_to_the_surer_one_where_the_other_has_a_second():
    found = np.array([[0.50, 0.49], [0.80, 0.10]], dtype=np.float32)
    assert assigned(found, ["mug", "goblet"], found > 0) == {0: "goblet", 1: "mug"}


def test_without_text_tower_the_value_most_members_share_is_the_name(opened):
    names, _ = opened(fake_model(with_text=False))
    red = crowd(size=10, colour={"red": 9, "blue": 1}, shop={"north": 10}, price={30: 6})
    mixed = crowd(size=10, colour={"red": 2, "blue": 2}, shop={"north": 10}, price={30: 1})
    whole = crowd(size=100, colour={"red": 15, "blue": 50}, shop={"north": 100}, price={30: 20})
    found = names.of(SPACE, [mixed, red, red], whole)
    assert found == [
        Named("cluster 0", "number"),
        Named("red", "metadata"),
        Named("price 30", "metadata"),  # the next best: no two clusters have one name
    ]


def test_space_that_nobody_serves_any_more_is_named_by_metadata(opened):
    names, _ = opened(fake_model(tokenizer=WholeTexts()))
    red = crowd(size=4, colour={"red": 4})
    found = names.of(Space("another", "gone", DIM), [red], crowd(size=40, colour={"red": 4}))
    assert found == [Named("red", "metadata")]


def test_words_are_embedded_once_for_each_space(opened, turnstile):
    model = fake_model(hook=turnstile, tokenizer=WholeTexts())
    names, _ = opened(model)
    crowds = toward(model, "boat", "fog")
    asked = {"vocabulary": ["boat", "fog", "rain"]}
    first = names.of(SPACE, crowds, middle(crowds), **asked)
    turnstile.batches.clear()
    assert names.of(SPACE, crowds, middle(crowds), **asked) == first
    assert turnstile.batches == []
    names.of(SPACE, crowds, middle(crowds), vocabulary=["boat", "fog", "snow"])
    assert turnstile.batches != []


@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04 no archive", None])
def test_kept_words_that_cannot_be_read_are_embedded_again(opened, tmp_path, damage):
    model = fake_model(tokenizer=WholeTexts())
    names, _ = opened(model)
    crowds = toward(model, "boat", "fog")
    first = names.of(SPACE, crowds, middle(crowds), vocabulary=["boat", "fog"])
    (kept,) = (tmp_path / "words").iterdir()
    kept.write_bytes(kept.read_bytes()[:100] if damage is None else damage)
    assert names.of(SPACE, crowds, middle(crowds), vocabulary=["boat", "fog"]) == first


def test_cancelled_job_stops_embedding_words_in_their_midst(opened, turnstile):
    model = fake_model(hook=turnstile, tokenizer=WholeTexts())
    names, workshop = opened(model)
    crowds = toward(model, "boat", "fog")
    turnstile.batches.clear()
    looks = []

    def look():
        looks.append(1)
        if len(looks) == 3:
            raise StoppedError

    with pytest.raises(StoppedError):
        names.of(SPACE, crowds, middle(crowds), look=look)
    assert 0 < sum(turnstile.sizes) <= 3 * PART < len(built_in_words())
    assert workshop.admission.held == 0


def test_words_that_a_cancelled_job_left_waiting_never_reach_the_model(opened, turnstile):
    model = fake_model(hook=turnstile, tokenizer=WholeTexts())
    names, workshop = opened(model)
    crowds = toward(model, "boat", "fog")
    turnstile.batches.clear()
    turnstile.shut()

    def look():
        if turnstile.entered.is_set():
            raise StoppedError

    with pytest.raises(StoppedError):
        names.of(SPACE, crowds, middle(crowds), look=look)
    turnstile.open()
    workshop.close()
    assert len(turnstile.batches) == 1


def test_ending_server_says_so_rather_than_naming_badly(opened):
    model = fake_model(tokenizer=WholeTexts())
    names, workshop = opened(model)
    crowds = toward(model, "boat", "fog")
    workshop.close()
    with pytest.raises(NotReadyError):
        names.of(SPACE, crowds, middle(crowds))
