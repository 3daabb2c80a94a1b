"""A background is drawn again when it is old, and not before."""

import numpy as np
import pytest

from sightline.domain.background import SAMPLE_ITEMS
from sightline.domain.collections import Space
from sightline.services.collections.backgrounds import KEPT, LASTS_S, SMALL_LASTS_S, Backgrounds
from sightline.stores.memory import MemoryStore
from tests.shoes import Library

DIM = 3


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def library(tmp_path):
    library = Library(tmp_path, MemoryStore(), DIM)
    add(library, SAMPLE_ITEMS)
    yield library
    library.close()


def add(library, count):
    rows = np.random.default_rng(count).normal(size=(count, DIM))
    rows = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    library.add({f"{count}-{number}": row for number, row in enumerate(rows)})


def drawn(backgrounds, library):
    return backgrounds.of("shoes", library.space, library.view("shoes"))


def test_background_lasts_a_while_and_is_then_drawn_again(library):
    backgrounds = Backgrounds(library.record, clock := Clock())
    first = drawn(backgrounds, library)
    assert (first.vectors.shape, first.total) == ((SAMPLE_ITEMS, DIM), SAMPLE_ITEMS)
    add(library, 100)
    clock.now += LASTS_S - 1
    assert drawn(backgrounds, library) is first
    clock.now += 1
    assert drawn(backgrounds, library).total == SAMPLE_ITEMS + 100


def test_background_of_a_small_collection_follows_it_sooner(tmp_path):
    library = Library(tmp_path, MemoryStore(), DIM)
    backgrounds = Backgrounds(library.record, clock := Clock())
    assert drawn(backgrounds, library).total == 0
    add(library, 10)
    clock.now += SMALL_LASTS_S
    assert drawn(backgrounds, library).total == 10
    library.close()


def test_background_of_another_space_is_of_no_use(library):
    backgrounds = Backgrounds(library.record, Clock())
    first = drawn(backgrounds, library)
    other = Space("b" * 64, "clip-vit-b-32", DIM)
    assert backgrounds.of("shoes", other, library.view("shoes")) is not first


def test_memory_for_backgrounds_is_bounded(library):
    backgrounds = Backgrounds(library.record, Clock())
    first = drawn(backgrounds, library)
    for number in range(KEPT):
        library.record.create(f"c{number}", library.space)
        backgrounds.of(f"c{number}", library.space, library.view("shoes"))
    assert drawn(backgrounds, library) is not first
