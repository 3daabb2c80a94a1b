"""Vectors as bytes: how far off their products are, and that the bound holds."""

import numpy as np
import pytest

from sightline.domain.vectors import l2_normalise
from sightline.stores.codes import Coder, Codes, estimated


def drawn(rows, dim, seed=1, spread=0.0):
    sizes = np.arange(1, dim + 1, dtype=np.float32) ** -spread
    rng = np.random.default_rng(seed)
    return l2_normalise(rng.standard_normal((rows, dim), dtype=np.float32) * sizes)


@pytest.mark.parametrize("dim", [1, 2, 3, 4, 63, 509, 768])
@pytest.mark.parametrize("spread", [0.0, 2.0], ids=["even", "a few large numbers"])
def test_no_product_is_further_off_than_its_bound(dim, spread):
    coder, rows, query = Coder(dim), drawn(300, dim, spread=spread), drawn(1, dim, seed=2, spread=spread)
    codes, asked = coder.encode(rows), coder.encode(query)
    errors = np.abs(estimated(codes, asked)[0] - rows.astype(np.float64) @ query[0])
    assert (errors <= codes.bounds(asked)).all()
    assert codes.bounds(asked).max() == pytest.approx(codes.widest(asked))


def test_bound_of_a_real_models_size_leaves_little_open():
    """Without the rotation, vectors with a few large numbers would have bounds of 0.05 and more."""
    coder, rows = Coder(768), drawn(300, 768, spread=1.0)
    assert coder.encode(rows).bounds(coder.encode(rows[:1])).max() < 0.03


def test_single_vector_has_the_code_it_has_among_others():
    coder, rows = Coder(64), drawn(10, 64)
    alone = np.concatenate([coder.encode(row[np.newaxis]).steps for row in rows])
    assert np.abs(alone.astype(int) - coder.encode(rows).steps).max() <= 1  # sums in another order


def test_several_queries_at_once_get_what_each_gets_alone():
    coder, rows, queries = Coder(96), drawn(200, 96), drawn(5, 96, seed=3)
    codes, asked = coder.encode(rows), coder.encode(queries)
    alone = [estimated(codes, asked[n : n + 1])[0] for n in range(5)]
    assert np.allclose(estimated(codes, asked), alone, atol=1e-6)


def test_joined_codes_are_those_of_all():
    codes = Coder(8).encode(drawn(10, 8))
    both = Codes.joined([codes[:4], codes[4:]])
    assert (both.steps == codes.steps).all()
    assert (both.slacks == codes.slacks).all()
