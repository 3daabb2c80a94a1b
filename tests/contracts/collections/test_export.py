"""Collections copied out of a real record."""

import io
import json

import duckdb
import numpy as np
import pytest

from sightline.domain.collections import Changeset, Item, Space
from sightline.domain.contents import of_hex
from sightline.domain.errors import InvalidRequestError, NoMapError, UnknownCollectionError
from sightline.domain.filter_syntax import parse
from sightline.domain.maps import Drawn, MapOrder, Points
from sightline.domain.selections import Outline, Selection
from sightline.registry import export_format
from sightline.services.collections.export import EXPORT_FORMATS, ROWS, Export, ExportOrder
from sightline.stores.memory import MemoryStore
from tests.records import content
from tests.shoes import Library

DIM = 4
COUNT = 2_300  # more than two batches


@pytest.fixture
def library(tmp_path):
    """Every third item is red; one has a name that is no text."""
    library = Library(tmp_path / "record", MemoryStore(), DIM)
    vectors = np.random.default_rng(0).normal(size=(COUNT, DIM))
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    items = [
        Item(f"i{n:04}", f"photos/{n}.jpg", content(n), n, None, {"colour": "red" if n % 3 == 0 else "blue"})
        for n in range(COUNT)
    ]
    items[7] = Item("i0007", "photos/\udcff.jpg", content(7), 7, None, {})
    library.commit(items, {content(n): vectors[n] for n in range(COUNT)})
    library.vectors = vectors
    yield library
    library.close()


@pytest.fixture
def export(library, tmp_path):
    (tmp_path / "pieces").mkdir()
    return Export(library.record, export_format, folder=tmp_path / "pieces")


def test_pieces_hold_every_item_once_in_order(library, export):
    lines = b"".join(export.pieces(ExportOrder("shoes", "jsonl"))).splitlines()
    rows = [json.loads(line) for line in lines]
    assert [row["item_id"] for row in rows] == [f"i{n:04}" for n in range(COUNT)]
    assert np.array_equal(np.array([row["vector"] for row in rows], np.float32), library.vectors)
    first = {key: value for key, value in rows[0].items() if key != "vector"}
    assert first == {
        "item_id": "i0000",
        "uri": "photos/0.jpg",
        "sha256": content(0),
        "size_bytes": 0,
        "metadata": {"colour": "red"},
    }
    assert rows[7]["uri"] == "photos/\\xff.jpg"


@pytest.mark.parametrize("name", EXPORT_FORMATS)
def test_filtered_items_only_in_every_format(library, export, tmp_path, name):
    target = tmp_path / f"reds{export_format(name).ending}"
    told = []
    order = ExportOrder("shoes", name, where=parse({"colour": "red"}))
    assert export.to_file(order, target, told.append) == len(range(0, COUNT, 3))
    assert told[-1] == len(range(0, COUNT, 3))
    if name == "npz":
        assert np.array_equal(np.load(target)["vector"], library.vectors[::3])


@pytest.fixture
def drawn(library):
    """A map: item n at (n, 0), in cluster n % 4."""
    names = sorted(content(n) for n in range(COUNT))
    numbers = {content(n): n for n in range(COUNT)}
    rows = np.array([numbers[name] for name in names])
    points = Points(
        contents=of_hex(names),
        places=np.stack([rows, np.zeros(COUNT)], axis=1).astype(np.float32),
        clusters=(rows % 4).astype(np.uint8),
        landmarks=np.ones(COUNT, dtype=bool),
    )
    space = library.record.space("shoes").fingerprint
    library.record.maps.keep("shoes", points, space=space, order=MapOrder(), drawn=Drawn("pca"), clusters=[])


@pytest.mark.usefixtures("drawn")
@pytest.mark.parametrize("name", EXPORT_FORMATS)
def test_what_lies_within_a_lasso_is_exported_in_every_format(library, export, tmp_path, name):
    square = Outline("add", [(99.5, -1), (1_200.5, -1), (1_200.5, 1), (99.5, 1)])
    order = ExportOrder("shoes", name, parse({"colour": "red"}), Selection([square], clusters=[0, 1]))
    numbers = [n for n in range(100, 1_201) if n % 3 == 0 and n % 4 < 2]
    target = tmp_path / f"within{export_format(name).ending}"
    assert export.to_file(order, target) == export.survey(order).items == len(numbers)
    if name == "ids":
        assert target.read_text().splitlines() == [f"i{n:04}" for n in numbers]
    if name == "npz":
        assert np.array_equal(np.load(target)["vector"], library.vectors[numbers])


@pytest.mark.parametrize("name", EXPORT_FORMATS)
def test_without_a_map_nothing_lies_within_anything(export, name):
    with pytest.raises(NoMapError):
        export.pieces(ExportOrder("shoes", name, within=Selection(clusters=[1])))


@pytest.mark.parametrize("name", EXPORT_FORMATS)
def test_pieces_are_the_file_and_leave_nothing_behind(export, tmp_path, name):
    order = ExportOrder("shoes", name)
    whole = b"".join(export.pieces(order))
    assert not list((tmp_path / "pieces").iterdir())
    if name in ("csv", "jsonl", "npz"):
        export.to_file(order, tmp_path / "whole")
        assert whole == (tmp_path / "whole").read_bytes()
    if name == "duckdb":
        (tmp_path / "sent.duckdb").write_bytes(whole)
        with duckdb.connect(tmp_path / "sent.duckdb", read_only=True) as connection:
            nearest = """
                SELECT item_id FROM embeddings ORDER BY array_cosine_distance(
                    vector, (SELECT vector FROM embeddings WHERE item_id = 'i0042')) LIMIT 1"""
            assert connection.execute(nearest).fetchone() == ("i0042",)


@pytest.mark.parametrize("name", EXPORT_FORMATS)
def test_vectors_can_be_left_out(export, tmp_path, name):
    target = tmp_path / f"x{export_format(name).ending}"
    assert export.to_file(ExportOrder("shoes", name, with_vectors=False), target) == COUNT
    if name == "csv":
        assert target.read_text().splitlines()[0] == "item_id,uri,sha256,size_bytes,metadata"
    if name == "npz":
        assert "vector" not in np.load(io.BytesIO(target.read_bytes()))


def test_export_that_is_given_up_leaves_nothing_behind(export, tmp_path):
    pieces = export.pieces(ExportOrder("shoes", "parquet"))
    assert next(pieces)
    pieces.close()
    assert not list((tmp_path / "pieces").iterdir())

    def stop(written):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        export.to_file(ExportOrder("shoes", "csv"), tmp_path / "x.csv", stop)
    assert not (tmp_path / "x.csv").exists()


def test_export_that_cannot_be_made_is_refused_before_the_first_piece(export):
    with pytest.raises(UnknownCollectionError, match="boots"):
        export.pieces(ExportOrder("boots", "csv"))


@pytest.mark.parametrize("name", ["xlsx", "npy"])
def test_format_that_collections_are_not_exported_in_is_refused(name):
    with pytest.raises(InvalidRequestError, match=r"there are csv, duckdb, ids, jsonl, npz, parquet"):
        ExportOrder("shoes", name)


def test_export_of_a_collection_that_becomes_another_meanwhile_is_broken_off(library, export):
    """Its rows would stand beside those of the one that has its name by then."""
    pieces = export.pieces(ExportOrder("shoes", "jsonl", with_vectors=False))
    assert next(pieces) == b""
    assert next(pieces).count(b"\n") == ROWS
    library.record.retire("shoes")
    library.record.delete("shoes")
    library.record.create("shoes", library.space)
    with pytest.raises(UnknownCollectionError, match="was replaced while it was exported"):
        b"".join(pieces)


def test_export_of_a_collection_that_gets_another_models_vectors_meanwhile_is_broken_off(library, export):
    other = Space("b" * 64, "clip-vit-b-32", DIM + 1)
    vectors = {content(n): np.eye(DIM + 1, dtype=np.float32)[0] for n in range(COUNT)}
    pieces = export.pieces(ExportOrder("shoes", "jsonl"))
    assert next(pieces) == b""
    assert next(pieces).count(b"\n") == ROWS
    library.record.prepare_space(other)
    library.record.commit("shoes", Changeset(other.fingerprint, vectors=vectors))
    library.record.switch("shoes", other.fingerprint)
    with pytest.raises(UnknownCollectionError, match="was replaced while it was exported"):
        b"".join(pieces)
