"""Real vectors of real pictures: what fits a caption stands out, what fits nothing does not."""

import numpy as np
import pytest

import sightline
from drawings import COLOURS, KINDS, catalogue
from sightline.domain.collections import Item
from sightline.domain.hits import LikeVector, Query
from sightline.services.collections.search import Search
from sightline.stores.memory import MemoryStore
from tests.records import content
from tests.shoes import Library

COUNT = 600
NONSENSE = [
    "qwertyuiop",
    "quantum chromodynamics",
    "elephant",
    "pizza with cheese",
    "a map of france",
    "how do I file my taxes",
    "aeroplane",
    "running water",
    "invoice number 77",
    "a castle on a hill",
    "violin",
    "helicopter",
]


@pytest.fixture(scope="module")
def model():
    return sightline.load("mini")


@pytest.fixture(scope="module")
def shop(model, tmp_path_factory):
    """Drawings of twenty kinds in twelve colours."""
    products, pictures = zip(*catalogue(COUNT, seed=7, size_px=96), strict=True)
    vectors = np.concatenate([model.embed_images(pictures[s : s + 64]) for s in range(0, COUNT, 64)])
    library = Library(tmp_path_factory.mktemp("shop"), MemoryStore(), model.dim)
    items = [
        Item(f"{n:04}", f"{n}.png", content(n), 1, None, {"kind": product.kind, "colour": product.colour})
        for n, product in enumerate(products)
    ]
    library.commit(items, {content(n): vector for n, vector in enumerate(vectors)})
    yield library
    library.close()


def hits(shop, vectors):
    search = Search(shop.record, shop)
    return [search.search("shoes", Query([LikeVector(vector)])).hits for vector in vectors]


def test_what_fits_a_caption_is_not_weak(shop, model):
    wanted = [(kind, colour) for kind in KINDS for colour in (None, *COLOURS)]
    captions = [kind if colour is None else f"a {colour} {kind}" for kind, colour in wanted]
    found = [
        hit.is_weak
        for (kind, colour), some in zip(wanted, hits(shop, model.embed_texts(captions)), strict=True)
        for hit in some
        if hit.metadata["kind"] == kind and colour in (None, hit.metadata["colour"])
    ]
    assert len(found) > 500
    assert np.mean(found) < 0.2


def test_what_nothing_fits_is_weak(shop, model):
    found = [[hit.is_weak for hit in some] for some in hits(shop, model.embed_texts(NONSENSE))]
    assert np.mean(found) > 0.75
