"""Reading what a bundled model is checked by: what a file must say, and that the lock knows it."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sightline.domain.errors import BrokenFileError, ChangedFileError
from sightline.imaging.decode import decode
from sightline.models.canaries import CANARY, CANARY_FILES, PICTURE, read_canary
from sightline.models.card_files import BUNDLED, card, card_names
from sightline.models.checkpoint import find
from sightline.models.hub import Hub
from sightline.models.lock import FOLDER_LOCK
from tests.fakes import png

BUNDLED_NAMES = [name for name in card_names() if card(name).bundled]
DOCUMENT = {
    "format": 1,
    "made_by": "hand",
    "sentence": "a mug",
    "picture_vector": [0.6, 0.8],
    "sentence_vector": [1, 0],
}


def written(folder: Path, document: object) -> Path:
    (folder / PICTURE).write_bytes(png())
    path = folder / CANARY
    path.write_text(json.dumps(document))
    return path


def test_a_canary_is_read_with_its_picture(tmp_path: Path) -> None:
    canary = read_canary(written(tmp_path, DOCUMENT), dim=2)
    assert (canary.picture, canary.sentence, canary.made_by) == (png(), "a mug", "hand")
    assert canary.picture_vector.dtype == np.float32
    np.testing.assert_allclose(canary.picture_vector, [0.6, 0.8])


def test_a_model_without_text_has_a_picture_alone(tmp_path: Path) -> None:
    document = {name: value for name, value in DOCUMENT.items() if not name.startswith("sentence")}
    canary = read_canary(written(tmp_path, document), dim=2)
    assert (canary.sentence, canary.sentence_vector) == (None, None)


@pytest.mark.parametrize(
    "document",
    [
        [],
        {},
        DOCUMENT | {"format": 2},
        DOCUMENT | {"picture_vector": [0.6, 0.8, 0.0]},
        DOCUMENT | {"picture_vector": [0.6, 0.9]},
        DOCUMENT | {"picture_vector": ["a", "b"]},
        DOCUMENT | {"picture_vector": [float("nan"), 1]},
        DOCUMENT | {"sentence_vector": None},
        {name: value for name, value in DOCUMENT.items() if name != "made_by"},
    ],
)
def test_a_file_that_is_no_canary_is_refused(tmp_path: Path, document: object) -> None:
    with pytest.raises(BrokenFileError, match=CANARY):
        read_canary(written(tmp_path, document), dim=2)


def test_a_canary_without_its_picture_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, DOCUMENT)
    (tmp_path / PICTURE).unlink()
    with pytest.raises(BrokenFileError, match=CANARY):
        read_canary(path, dim=2)


@pytest.mark.parametrize("name", BUNDLED_NAMES)
def test_every_bundled_model_has_a_canary_that_its_lock_knows(name: str) -> None:
    checkpoint = find(name, Hub())
    canary = checkpoint.canary
    assert canary is not None
    width, height = decode(canary.picture).size
    assert width != height  # or another rule of resizing would not show
    assert (canary.sentence is not None) == checkpoint.card.embeds_text
    assert checkpoint.verify() == "matches the lock"
    for file in CANARY_FILES:
        without = {other: path for other, path in checkpoint.files.items() if other != file}
        with pytest.raises(ChangedFileError, match=f"{file} is gone"):
            replace(checkpoint, files=without).verify()


def test_a_folder_that_is_its_owners_has_none(tmp_path: Path) -> None:
    checkpoint = find(BUNDLED_NAMES[0], Hub())
    kept = {name: path for name, path in checkpoint.files.items() if name not in CANARY_FILES}
    assert replace(checkpoint, files=kept).canary is None


@pytest.mark.parametrize("name", BUNDLED_NAMES)
def test_a_copy_of_a_bundled_model_is_verified_and_checked_as_the_model_is(tmp_path: Path, name: str) -> None:
    shutil.copytree(BUNDLED / name, tmp_path / name)
    copied = find(str(tmp_path / name), Hub())
    assert copied.verify() == "matches the lock"
    assert copied.canary is not None
    (tmp_path / name / FOLDER_LOCK).unlink()
    assert find(str(tmp_path / name), Hub()).canary is None  # its weights may be others by now
