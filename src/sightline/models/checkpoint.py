"""Finds a model's files by a card's name, a folder or a hub id, and verifies them. Does not know graphs.

Only .safetensors and .json files are ever asked for or opened: neither can hold code.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path

from sightline.domain.cards import Card
from sightline.domain.errors import ChangedFileError, MissingFileError
from sightline.domain.records import Canary, TensorSlice
from sightline.models.canaries import CANARY, CANARY_FILES, read_canary
from sightline.models.card_files import BUNDLED, card, card_names, unknown_model
from sightline.models.configs import (
    CONFIG,
    OPEN_CLIP_CONFIG,
    PREPROCESSOR,
    PROCESSOR,
    TOKENIZER,
    card_from_folder,
    weight_names,
)
from sightline.models.hub import MAIN, Fetched, Fetcher, Hub, HubFetcher
from sightline.models.lock import (
    FOLDER_LOCK,
    Lock,
    Verdict,
    compare,
    lock_path,
    read_lock,
    sha256_of,
    write_lock,
)
from sightline.models.tensors import read_tensors, shard_names

HUB_ID = re.compile(r"\w[\w.-]*/\w[\w.-]*", re.ASCII)
INDEX = ".safetensors.index.json"
PAGES = "https://huggingface.co"
CONFIGS = (CONFIG, PREPROCESSOR, PROCESSOR, OPEN_CLIP_CONFIG)


@dataclass(frozen=True)
class Checkpoint:
    """A model's files, found but not yet verified.

    files: name -> path of each file that bears on the vectors or proves them. stated: the sha256 that the hub
    gives for some of them. lock_file: None for a folder without one, which is its owner's to change.
    """

    card: Card
    folder: Path
    files: Mapping[str, Path]
    stated: Mapping[str, str]
    lock_file: Path | None
    commit: str | None

    @cached_property
    def tensors(self) -> dict[str, TensorSlice]:
        """Where every tensor lies. Raises BrokenFileError: truncated, or not safetensors at all."""
        return read_tensors(self.files[self.card.weights])

    @property
    def tokenizer(self) -> Path:
        """Raises MissingFileError: the model embeds text, and its checkpoint came without tokenizer.json."""
        path = self.files.get(self.card.tokenizer or "")
        if path is None:
            raise MissingFileError(
                f"{self.card.name} has no {TOKENIZER} in {self.folder}, so it embeds pictures and no text. "
                "With transformers installed, AutoTokenizer.from_pretrained(ID).save_pretrained(FOLDER) "
                "writes one; other tokenizer files are not read"
            )
        return path

    @property
    def canary(self) -> Canary | None:
        """What the model is checked by at the start: bundled ones have it. Raises BrokenFileError."""
        path = self.files.get(CANARY)
        return read_canary(path, dim=self.card.dim) if path else None

    @property
    def origin(self) -> str:
        """The folder by which alone it can be found again; empty where the card's name leads to it."""
        is_named = self.card.bundled or self.card.repo is not None
        return "" if is_named else str(self.folder.resolve())

    @cached_property
    def hashes(self) -> dict[str, str]:
        """sha256 of every file, read once: the cost of a load that grows with the size of the weights."""
        return {name: sha256_of(path) for name, path in self.files.items()}

    def verify(self) -> Verdict:
        """Compare every file with the lock and with what the hub states; on first use write the lock.

        Reads all bytes, without the GIL: run it in a thread beside the compiling of the graph, and serve
        nothing before it returns.

        Raises ChangedFileError: a file differs; the message names it and both hashes.
        """
        lock = read_lock(self.lock_file) if self.lock_file else None
        if lock is not None:
            remedy = f"If the change is meant, delete {self.lock_file}; else fetch the files again."
            compare(self.hashes, lock.files, source=f"the lock {self.lock_file}", remedy=remedy)
            unknown = sorted(self.hashes.keys() - lock.files.keys())
            if unknown:  # a config slipped in changes vectors as much as one replaced
                raise ChangedFileError(f"{unknown[0]} is new: {self.lock_file} does not know it. {remedy}")
            return "matches the lock"
        compare(
            self.hashes, self.stated, source="the hub", remedy=f"Delete {self.folder} and fetch it again."
        )
        if self.lock_file is None:
            return "not locked"
        try:
            write_lock(self.lock_file, Lock(self.commit, self.hashes))
        except OSError:  # a cache mounted read-only is no reason to refuse a model
            return "not locked"
        return "locked on first use"


def find(name: str, hub: Hub, fetcher: Fetcher | None = None) -> Checkpoint:
    """The checkpoint of a card's name, of a local folder or of a hub id, in this order.

    The hub id of a card means that card, at the commit it pins.

    Raises UnknownModelError: the name is none of these. MissingFileError: a file is neither here nor in
    reach. UnknownLayoutError, BrokenFileError: the files describe no model of the family.
    """
    fetcher = fetcher or HubFetcher(hub)
    if name in card_names():
        facts = card(name)
        if facts.bundled:
            return _from_folder(facts, BUNDLED / name)
        return _from_hub(facts, hub, fetcher)
    folder = Path(name).expanduser()
    if name and folder.is_dir():
        return _from_folder(card_from_folder(folder, folder.resolve().name), folder)
    if folder.is_file():
        raise unknown_model(name, f"{name!r} is a file; give the folder it lies in, {folder.parent}")
    if HUB_ID.fullmatch(name):
        known = [facts for facts in map(card, card_names()) if facts.repo == name]
        return _from_hub(known[0], hub, fetcher) if known else _from_hub_id(name, hub, fetcher)
    raise unknown_model(name, f"no model is called {name!r}, and there is no such folder")


def fingerprint(checkpoint: Checkpoint, crops: str) -> str:
    """The name of the vector space: sha256 in hex over all that alters a vector.

    That is the weights, the tokenizer, the rules of the card, and `crops`, the rule by which pictures are cut
    and averaged. The names of the model and its files are not in it, nor are the precision and the engine.
    """
    facts = checkpoint.card
    weights = [digest for name, digest in checkpoint.hashes.items() if name.endswith(".safetensors")]
    document = {
        "weights": sorted(weights),
        "tokenizer": checkpoint.hashes.get(facts.tokenizer or ""),
        "dim": facts.dim,
        "image": asdict(facts.image),
        "vision": asdict(facts.vision),
        "text": asdict(facts.text) if facts.text else None,
        "crops": crops,
    }
    return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()


def lock_folder(checkpoint: Checkpoint) -> Path:
    """Write a lock into a checkpoint's folder: from then on its files are verified. Raises OSError."""
    path = checkpoint.folder / FOLDER_LOCK
    write_lock(path, Lock(None, checkpoint.hashes))
    return path


def _from_folder(facts: Card, folder: Path) -> Checkpoint:
    lock = folder / FOLDER_LOCK
    known = read_lock(lock) if lock.exists() else None
    # a canary without a lock may be that of other weights
    canary = [name for name in CANARY_FILES if known and name in known.files]
    names = [facts.weights, facts.tokenizer or "", *CONFIGS, *canary]
    if not (folder / facts.weights).is_file():
        raise MissingFileError(_no_weights(facts, folder))
    for shard in shard_names(folder / facts.weights) if facts.weights.endswith(INDEX) else ():
        if not (folder / shard).is_file():
            raise MissingFileError(f"{folder} lacks {shard}, of which {facts.weights} speaks; copy it there")
        names.append(shard)
    files = {name: folder / name for name in names if (folder / name).is_file()}
    return Checkpoint(facts, folder, files, {}, lock if known else None, commit=None)


def _no_weights(facts: Card, folder: Path) -> str:
    pickles = sorted(
        path.name for path in folder.glob("*") if path.suffix in {".bin", ".pt", ".pth", ".ckpt"}
    )
    hint = (
        f" {pickles[0]} is a pickle, which can run code and is never opened; convert it." if pickles else ""
    )
    return f"{folder} holds none of {', '.join(weight_names(facts))}; copy one there.{hint}"


class _Collector:
    """Gathers the files of one repository at one commit."""

    def __init__(self, repo: str, revision: str, fetcher: Fetcher) -> None:
        self.repo = repo
        self.revision = revision
        self.fetched: dict[str, Fetched] = {}
        self._fetcher = fetcher

    def get(self, file: str) -> Fetched | None:
        found = self._fetcher.fetch(self.repo, self.revision, file)
        if found is not None:
            self.fetched[file] = found
            self.revision = found.commit or self.revision  # a branch may move between two files
        return found

    def require(self, *files: str) -> str:
        """The first of these names that the repository has."""
        for file in files:
            if self.get(file) is not None:
                return file
        names = " or ".join(files)
        advice = self._fetcher.advice(self.repo)
        raise MissingFileError(f"{names} of {self.repo}@{self.revision} is missing. {advice}")

    def checkpoint(self, facts: Card, lock_file: Path) -> Checkpoint:
        """What was gathered, with the shards if the weights are an index."""
        weights = self.fetched[facts.weights]
        if facts.weights.endswith(INDEX):
            for shard in shard_names(weights.path):
                self.require(shard)
        return Checkpoint(
            card=replace(facts, repo=self.repo, revision=weights.commit or self.revision),
            folder=weights.path.parent,
            files={name: file.path for name, file in self.fetched.items()},
            stated={name: file.sha256 for name, file in self.fetched.items() if file.sha256},
            lock_file=lock_file,
            commit=weights.commit,
        )


def _from_hub(facts: Card, hub: Hub, fetcher: Fetcher) -> Checkpoint:
    if facts.repo is None:
        raise MissingFileError(f"{facts.name} ships with Sightline, but {BUNDLED / facts.name} is gone")
    revision = facts.revision or MAIN
    lock_file = lock_path(hub.cache, facts.repo, revision)
    files = _Collector(facts.repo, _locked(lock_file) or revision, fetcher)
    files.require(facts.weights)
    if facts.tokenizer:
        files.require(facts.tokenizer)
    return files.checkpoint(facts, lock_file)


def _from_hub_id(repo: str, hub: Hub, fetcher: Fetcher) -> Checkpoint:
    lock_file = lock_path(hub.cache, repo, MAIN)
    files = _Collector(repo, _locked(lock_file) or MAIN, fetcher)
    configs = [config for config in map(files.get, CONFIGS) if config is not None]
    if not configs:
        advice = fetcher.advice(repo)
        raise MissingFileError(f"{repo} has neither {CONFIG} nor {OPEN_CLIP_CONFIG}. {advice}")
    facts = card_from_folder(configs[0].path.parent, repo)
    if facts.tokenizer:
        files.get(facts.tokenizer)
    weights = files.require(*weight_names(facts))
    return files.checkpoint(replace(facts, weights=weights, source=f"{PAGES}/{repo}"), lock_file)


def _locked(lock_file: Path) -> str | None:
    """The commit fetched first: a branch that moves on the hub does not move a model that is in use."""
    lock = read_lock(lock_file)
    return lock.commit if lock else None
