import json
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

from sightline.domain.errors import BrokenFileError, ChangedFileError, MissingFileError, UnknownModelError
from sightline.models.card_files import card_names
from sightline.models.checkpoint import Checkpoint, find, fingerprint, lock_folder
from sightline.models.hub import Fetched, Hub
from sightline.models.lock import lock_path, sha256_of

COMMITS = ("a" * 40, "b" * 40)


class FolderHub:
    """A hub in a folder, ORG/NAME/COMMIT/FILE: main is the last commit. states: whether it gives hashes."""

    def __init__(self, root: Path, *, states: bool = False) -> None:
        self.root = root
        self.asked: list[str] = []
        self._states = states

    def fetch(self, repo: str, revision: str, file: str) -> Fetched | None:
        self.asked.append(file)
        commits = sorted(path.name for path in (self.root / repo).iterdir())
        commit = revision if revision in commits else commits[-1]
        path = self.root / repo / commit / file
        if not path.is_file():
            return None
        return Fetched(path, commit, sha256_of(path) if self._states else None)

    def advice(self, repo: str) -> str:
        return f"Looked in {self.root}."


def clip_files(folder: Path, value: float = 1.0) -> Path:
    """What find() needs of a checkpoint. The weights are no model; graphs are not its business."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps({"model_type": "clip"}))
    (folder / "tokenizer.json").write_text("{}")
    save_file({"w": np.full(4, value, np.float32)}, folder / "model.safetensors")
    return folder


@pytest.fixture
def hub(tmp_path: Path) -> Hub:
    return Hub(cache_dir=tmp_path / "cache")


@pytest.fixture
def remote(tmp_path: Path) -> FolderHub:
    clip_files(tmp_path / "hub" / "acme" / "clip" / COMMITS[0])
    return FolderHub(tmp_path / "hub")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return clip_files(tmp_path / "mine")


def flip_a_byte(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


def test_a_local_folder_is_found_with_its_files_and_tensors(folder: Path, hub: Hub) -> None:
    checkpoint = find(str(folder), hub)
    assert checkpoint.card.name == "mine"
    assert set(checkpoint.files) == {"config.json", "model.safetensors", "tokenizer.json"}
    assert checkpoint.tensors["w"].shape == (4,)
    assert checkpoint.tokenizer == folder / "tokenizer.json"


def test_a_local_folder_is_its_owners_and_not_locked(folder: Path, hub: Hub) -> None:
    assert find(str(folder), hub).verify() == "not locked"
    flip_a_byte(folder / "model.safetensors")
    assert find(str(folder), hub).verify() == "not locked"
    assert not hub.cache.exists()


def test_a_folder_with_a_lock_is_held_to_it(folder: Path, hub: Hub) -> None:
    before = find(str(folder), hub)
    lock_folder(before)
    assert find(str(folder), hub).verify() == "matches the lock"
    flip_a_byte(folder / "model.safetensors")
    with pytest.raises(ChangedFileError) as caught:
        find(str(folder), hub).verify()
    assert "model.safetensors" in str(caught.value)
    assert before.hashes["model.safetensors"] in str(caught.value)
    assert sha256_of(folder / "model.safetensors") in str(caught.value)


@pytest.mark.parametrize(
    "file", ["config.json", "tokenizer.json", "preprocessor_config.json", "processor_config.json"]
)
def test_a_changed_or_added_small_file_is_refused_too(folder: Path, hub: Hub, file: str) -> None:
    lock_folder(find(str(folder), hub))
    path = folder / file
    path.write_text(path.read_text() + " " if path.exists() else "{}")
    with pytest.raises(ChangedFileError, match=file):
        find(str(folder), hub).verify()


def test_a_hub_id_is_locked_on_first_use_and_held_to_it_after(remote: FolderHub, hub: Hub) -> None:
    assert find("acme/clip", hub, remote).verify() == "locked on first use"
    assert find("acme/clip", hub, remote).verify() == "matches the lock"
    flip_a_byte(remote.root / "acme" / "clip" / COMMITS[0] / "tokenizer.json")
    with pytest.raises(ChangedFileError, match=r"tokenizer\.json has changed"):
        find("acme/clip", hub, remote).verify()


def test_a_branch_that_moves_on_does_not_move_a_locked_model(remote: FolderHub, hub: Hub) -> None:
    find("acme/clip", hub, remote).verify()
    clip_files(remote.root / "acme" / "clip" / COMMITS[1], value=2.0)
    checkpoint = find("acme/clip", hub, remote)
    assert checkpoint.commit == COMMITS[0]
    assert checkpoint.verify() == "matches the lock"
    lock_path(hub.cache, "acme/clip", "main").unlink()
    assert find("acme/clip", hub, remote).commit == COMMITS[1]


def test_a_download_that_differs_from_what_the_hub_states_is_refused(tmp_path: Path, hub: Hub) -> None:
    path = clip_files(tmp_path / "hub" / "acme" / "clip" / COMMITS[0]) / "model.safetensors"
    checkpoint = find("acme/clip", hub, FolderHub(tmp_path / "hub", states=True))
    flip_a_byte(path)
    with pytest.raises(ChangedFileError, match="the hub says"):
        checkpoint.verify()
    assert not hub.cache.exists()


def test_a_cache_that_cannot_be_written_refuses_no_model(remote: FolderHub, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert find("acme/clip", Hub(tmp_path / "file"), remote).verify() == "not locked"


def test_a_card_from_the_hub_asks_for_its_weights_and_tokenizer_only(tmp_path: Path, hub: Hub) -> None:
    clip_files(tmp_path / "hub" / "openai" / "clip-vit-base-patch32" / COMMITS[0])
    remote = FolderHub(tmp_path / "hub")
    checkpoint = find("clip-vit-b-32", hub, remote)
    assert remote.asked == ["model.safetensors", "tokenizer.json"]
    assert checkpoint.card.name == "clip-vit-b-32"


def test_the_hub_id_of_a_card_is_that_card_at_its_commit(tmp_path: Path, hub: Hub) -> None:
    """The main branch of that repository holds only a pickle; the card knows the commit that does not."""
    clip_files(tmp_path / "hub" / "openai" / "clip-vit-base-patch32" / COMMITS[0])
    remote = FolderHub(tmp_path / "hub")
    by_name = find("clip-vit-b-32", hub, remote)
    by_id = find("openai/clip-vit-base-patch32", hub, remote)
    assert by_id.card == by_name.card
    assert by_id.lock_file == by_name.lock_file


def test_of_a_repository_only_safetensors_and_json_are_asked_for(remote: FolderHub, hub: Hub) -> None:
    (remote.root / "acme" / "clip" / COMMITS[0] / "pytorch_model.bin").write_bytes(b"a pickle")
    find("acme/clip", hub, remote).verify()
    assert {Path(file).suffix for file in remote.asked} == {".json", ".safetensors"}


def test_pickles_beside_the_weights_are_never_opened(folder: Path, hub: Hub) -> None:
    for name in ("pytorch_model.bin", "model.pt", "optimizer.pth", "x.ckpt", "x.pkl"):
        (folder / name).write_bytes(b"a pickle")
    opened: list[str] = []
    sys.addaudithook(lambda event, args: opened.append(str(args[0])) if event == "open" else None)
    checkpoint = find(str(folder), hub)
    checkpoint.verify()
    assert checkpoint.tensors
    ours = {Path(path).name for path in opened if path.startswith(str(folder))}
    assert ours == {"config.json", "model.safetensors", "tokenizer.json"}


def test_a_folder_with_a_pickle_and_no_safetensors_says_so(folder: Path, hub: Hub) -> None:
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(MissingFileError, match=r"pytorch_model\.bin is a pickle.* never opened"):
        find(str(folder), hub)


def test_shards_are_found_and_hashed_each(folder: Path, hub: Hub) -> None:
    (folder / "model.safetensors").rename(folder / "model-00001-of-00001.safetensors")
    index = {"weight_map": {"w": "model-00001-of-00001.safetensors"}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    checkpoint = find(str(folder), hub)
    assert checkpoint.tensors["w"].path.name == "model-00001-of-00001.safetensors"
    assert "model-00001-of-00001.safetensors" in checkpoint.hashes


def test_a_shard_that_is_missing_is_named(folder: Path, hub: Hub) -> None:
    (folder / "model.safetensors").unlink()
    (folder / "model.safetensors.index.json").write_text('{"weight_map": {"w": "lost.safetensors"}}')
    with pytest.raises(MissingFileError, match=r"lost\.safetensors"):
        find(str(folder), hub)


def test_truncated_weights_are_refused_before_anything_is_hashed(folder: Path, hub: Hub) -> None:
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-4])
    with pytest.raises(BrokenFileError, match=r"model\.safetensors"):
        _ = find(str(folder), hub).tensors


def test_a_repository_without_a_tokenizer_still_embeds_pictures(remote: FolderHub, hub: Hub) -> None:
    (remote.root / "acme" / "clip" / COMMITS[0] / "tokenizer.json").unlink()
    checkpoint = find("acme/clip", hub, remote)
    assert checkpoint.verify() == "locked on first use"
    with pytest.raises(MissingFileError, match="save_pretrained"):
        _ = checkpoint.tokenizer


def test_a_card_whose_files_are_out_of_reach_says_which_and_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(MissingFileError) as caught:
        find("clip-vit-b-32", Hub(tmp_path, offline=True))
    for words in (
        "model.safetensors",
        "openai/clip-vit-base-patch32",
        str(tmp_path),
        "models pull",
        "HF_TOKEN",
    ):
        assert words in str(caught.value)


@pytest.mark.parametrize("name", ["clip-vit-b32", "no/such/path", "", "/absolute/path", "../up", "a/../b"])
def test_a_name_that_is_nothing_lists_what_there_is(hub: Hub, name: str) -> None:
    with pytest.raises(UnknownModelError) as caught:
        find(name, hub)
    assert all(known in str(caught.value) for known in card_names())


def test_a_path_to_a_file_is_answered_with_its_folder(folder: Path, hub: Hub) -> None:
    with pytest.raises(UnknownModelError, match="give the folder"):
        find(str(folder / "model.safetensors"), hub)


def test_a_checkpoint_behind_a_link_is_found(folder: Path, hub: Hub, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.mkdir()
    for path in folder.iterdir():
        (link / path.name).symlink_to(path)
    assert find(str(link), hub).tensors["w"].path == folder / "model.safetensors"


def _with_text(checkpoint: Checkpoint, **changes: Any) -> Checkpoint:
    assert checkpoint.card.text is not None
    return replace(checkpoint, card=replace(checkpoint.card, text=replace(checkpoint.card.text, **changes)))


def _with_image(checkpoint: Checkpoint, **changes: Any) -> Checkpoint:
    return replace(checkpoint, card=replace(checkpoint.card, image=replace(checkpoint.card.image, **changes)))


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda c: _with_image(c, interpolation="bilinear"), id="resampling"),
        pytest.param(lambda c: _with_image(c, mean=(0.5, 0.5, 0.5)), id="mean"),
        pytest.param(lambda c: _with_text(c, context_length=64), id="context"),
        pytest.param(lambda c: _with_text(c, canonicalise=True), id="text rule"),
        pytest.param(
            lambda c: replace(c, card=replace(c.card, vision=replace(c.card.vision, heads=8))), id="heads"
        ),
    ],
)
def test_whatever_alters_a_vector_alters_the_fingerprint(
    folder: Path, hub: Hub, change: Callable[[Checkpoint], Checkpoint]
) -> None:
    checkpoint = find(str(folder), hub)
    assert fingerprint(change(checkpoint), "none") != fingerprint(checkpoint, "none")


@pytest.mark.parametrize("file", ["model.safetensors", "tokenizer.json"])
def test_other_weights_or_another_tokenizer_are_another_space(folder: Path, hub: Hub, file: str) -> None:
    before = fingerprint(find(str(folder), hub), "none")
    flip_a_byte(folder / file)
    assert fingerprint(find(str(folder), hub), "none") != before


def test_averaging_crops_is_another_space(folder: Path, hub: Hub) -> None:
    checkpoint = find(str(folder), hub)
    assert fingerprint(checkpoint, "none") != fingerprint(checkpoint, "five crops")


def test_names_places_and_licences_do_not_alter_the_fingerprint(
    folder: Path, hub: Hub, tmp_path: Path
) -> None:
    checkpoint = find(str(folder), hub)
    renamed = replace(
        checkpoint.card, name="other", licence="other", about="other", source="other", repo="a/b"
    )
    assert fingerprint(replace(checkpoint, card=renamed), "none") == fingerprint(checkpoint, "none")
    elsewhere = find(str(folder.rename(tmp_path / "elsewhere")), hub)
    assert fingerprint(elsewhere, "none") == fingerprint(checkpoint, "none")
