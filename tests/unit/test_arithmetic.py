"""Source of the numbers: mlfoundations/open_clip, docs/model_profile.csv, column image_gflops."""

import pytest

from sightline.models.arithmetic import gflop_per_picture
from sightline.models.card_files import card, shapes

PUBLISHED = {
    "clip-vit-b-32": 8.82,
    "clip-vit-b-16": 35.13,
    "clip-vit-l-14": 162.03,
    "siglip-b-16": 35.42,
    "siglip-so400m-384": 670.35,
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_arithmetic_of_a_picture_is_what_open_clip_counts(name):
    assert gflop_per_picture(card(name), shapes(name)) == pytest.approx(PUBLISHED[name], abs=0.006)


def test_fewer_layers_cost_less_and_more_than_there_are_cost_the_same():
    facts, sizes = card("dinov2-small"), shapes("dinov2-small")
    whole = gflop_per_picture(facts, sizes)
    assert gflop_per_picture(facts, sizes, layers=1) < whole / 8
    assert gflop_per_picture(facts, sizes, layers=99) == whole
