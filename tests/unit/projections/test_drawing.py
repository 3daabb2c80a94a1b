"""A drawing by PCA, which needs no process of its own."""

import numpy as np
import pytest

from sightline.domain.errors import MapFailedError
from sightline.domain.maps import NO_CLUSTER, MapOrder
from sightline.projections.drawing import STAGES, draw
from tests.blobs import anywhere, blobs

FILES = ("places", "clusters", "landmarks", "neighbours", "scores")


def drawn(folder, vectors, **order):
    np.save(folder / "vectors.npy", vectors)
    told = []
    result = draw(folder, MapOrder(algorithm="pca", **order), lambda *said: told.append(said))
    return result, {name: np.load(folder / f"{name}.npy") for name in FILES}, told


@pytest.mark.parametrize("rows", [0, 1, 2, 3, 16, 17, 40])
def test_however_few_rows_there_are_all_files_are_there(tmp_path, rows):
    result, files, _ = drawn(tmp_path, anywhere(rows))

    shapes = {name: (array.dtype.name, array.shape) for name, array in files.items()}
    assert shapes == {
        "places": ("float32", (rows, 2)),
        "clusters": ("uint8", (rows,)),
        "landmarks": ("bool", (rows,)),
        "neighbours": ("int32", (rows, 15)),
        "scores": ("float32", (rows, 15)),
    }
    assert np.isfinite(files["places"]).all()
    assert files["landmarks"].all()
    assert result.algorithm == "pca"
    assert result.landmarks == rows


def test_identical_rows_lie_on_one_point(tmp_path):
    result, files, _ = drawn(tmp_path, np.repeat(anywhere(1), 40, axis=0), neighbours=3)

    assert (files["places"] == files["places"][0]).all()
    assert (files["scores"] == 1).all()
    assert files["landmarks"].sum() == 1
    assert result.landmarks == 1


def test_copies_lie_where_their_first_does_and_count_in_its_cluster(tmp_path):
    vectors, labels = blobs(200, dim=8, count=2, spread=0.05)
    few = np.flatnonzero(labels == 1)[:20]  # with these 120 lie in the second cluster, and 100 in the first
    _, files, _ = drawn(tmp_path, np.concatenate([vectors, vectors[few]]))

    np.testing.assert_array_equal(files["places"][200:], files["places"][few])
    np.testing.assert_array_equal(files["clusters"][200:], files["clusters"][few])
    assert set(files["clusters"][:200][labels == 1].tolist()) <= {0, NO_CLUSTER}
    assert not files["landmarks"][200:].any()


def test_vectors_of_one_number_lie_on_a_line(tmp_path):
    _, files, _ = drawn(tmp_path, np.array([[1], [-1], [1]], dtype=np.float32))

    assert files["places"][:, 1].tolist() == [0, 0, 0]
    assert files["places"][0, 0] == files["places"][2, 0] != files["places"][1, 0]


def test_the_stages_are_told_in_their_order_and_the_share_only_grows(tmp_path):
    result, _, told = drawn(tmp_path, anywhere(500))

    stages = list(dict.fromkeys(stage for stage, _ in told))
    shares = [share for _, share in told]
    assert stages == [stage for stage in STAGES if stage != "places"]  # PCA gives all of them one
    assert shares == sorted(shares)
    assert shares[-1] <= 1
    assert list(result.timings_s) == stages


def test_outliers_are_told_by_row(tmp_path):
    vectors, _ = blobs(100, dim=32, count=3, spread=0.1)
    far = anywhere(1, dim=32, seed=8)

    result, _, _ = drawn(tmp_path, np.concatenate([vectors[:60], far, vectors[60:]]))

    assert result.outliers[0] == "60"


@pytest.mark.parametrize(
    ("vectors", "message"),
    [
        (np.zeros((3, 4), dtype=np.float64), "float64"),
        (np.zeros(12, dtype=np.float32), r"\(12,\)"),
        (np.zeros((3, 0), dtype=np.float32), r"\(3, 0\)"),
        (np.full((3, 4), np.nan, dtype=np.float32), "row 0"),
    ],
)
def test_what_cannot_be_vectors_is_refused(tmp_path, vectors, message):
    with pytest.raises(MapFailedError, match=message):
        drawn(tmp_path, vectors)


def test_a_file_that_is_no_array_is_refused(tmp_path):
    (tmp_path / "vectors.npy").write_bytes(b"not at all")

    with pytest.raises(MapFailedError, match=r"vectors\.npy cannot be read"):
        draw(tmp_path, MapOrder(), lambda *said: None)
