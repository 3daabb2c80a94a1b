import threading

import numpy as np
import pytest

from sightline.cli.embed.inputs import Item
from sightline.cli.embed.stream import embed_items
from sightline.domain.errors import EmptyImageError, ForwardError, InvalidRequestError
from sightline.services.jobs import Picture, Text
from sightline.services.model import BATCH
from tests.fakes import Turnstile, fake_model, png


def picture_items(count):
    return [Item(f"{number}.png", Picture(png(number))) for number in range(count)]


def flat(groups):
    return [outcome for group in groups for outcome in group]


def test_vectors_come_in_order_and_equal_those_made_one_by_one():
    items = picture_items(2 * BATCH + 5)
    model = fake_model()
    outcomes = flat(embed_items(model, items, threads=3))
    assert [name for name, _ in outcomes] == [item.id for item in items]
    expected = model.embed_images([item.asked.source for item in items])
    assert np.array_equal(np.stack([vector for _, vector in outcomes]), expected)


def test_bad_item_fails_alone():
    items = picture_items(3)
    items[1] = Item("empty.png", Picture(b""))
    items.append(Item("line 4", InvalidRequestError("not UTF-8")))
    results = [result for _, result in flat(embed_items(fake_model(), items))]
    assert isinstance(results[1], EmptyImageError)
    assert isinstance(results[3], InvalidRequestError)
    assert results[0].shape == results[2].shape == (16,)


def test_forward_that_fails_is_one_pictures_failure():
    def refuse(batch):
        if any(np.array_equal(row, poison) for row in batch):
            raise RuntimeError("the runtime's own words")

    items = picture_items(8)
    poison = fake_model().prepare_image(items[5].asked.source)[0]
    results = [result for _, result in flat(embed_items(fake_model(hook=refuse), items))]
    assert [isinstance(result, ForwardError) for result in results] == [number == 5 for number in range(8)]
    assert "own words" not in str(results[5])


def test_batches_are_full_however_slowly_pictures_are_prepared():
    turnstile = Turnstile()
    flat(embed_items(fake_model(hook=turnstile), picture_items(2 * BATCH + 1), threads=1))
    assert turnstile.sizes == [BATCH, BATCH, 1]


def test_texts_take_the_same_way():
    model = fake_model()
    outcomes = flat(embed_items(model, [Item(word, Text(word)) for word in ("red", "blue")]))
    assert np.array_equal(np.stack([vector for _, vector in outcomes]), model.embed_texts(["red", "blue"]))


def test_no_more_than_four_groups_are_taken_before_the_first_is_handed_out():
    """Memory is bounded for any number of files: what is not yet asked for is not yet read."""
    taken = 0

    def endless():
        nonlocal taken
        for item in iter(lambda: Item("same", Picture(png())), None):
            taken += 1
            yield item

    outcomes = embed_items(fake_model(), endless())
    next(outcomes)
    assert taken <= 4 * BATCH
    outcomes.close()


def test_stopping_early_ends_every_thread():
    before = threading.active_count()
    outcomes = embed_items(fake_model(), picture_items(5 * BATCH))
    next(outcomes)
    outcomes.close()
    assert threading.active_count() == before


def test_error_of_the_source_itself_ends_the_stream():
    def broken():
        yield from picture_items(2)
        raise InvalidRequestError("there is no file")

    with pytest.raises(InvalidRequestError, match="no file"):
        flat(embed_items(fake_model(), broken()))
