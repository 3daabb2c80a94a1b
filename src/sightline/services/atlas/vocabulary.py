"""Words as vectors of a model, computed once and kept in a folder. Does not know what is named by them.

The built-in words lie in words.txt, one a line. What is kept may be deleted at any time.
"""

import json
import os
import time
import zipfile
from collections.abc import Iterator, Sequence
from concurrent.futures import CancelledError, wait
from contextlib import suppress
from functools import cache
from importlib.resources import files
from pathlib import Path

import numpy as np

from sightline.domain.arrays import Float32
from sightline.domain.errors import NotReadyError, OverloadedError
from sightline.domain.ports import Look, unwatched
from sightline.services.jobs import Asked, Job, Text
from sightline.services.model import Model
from sightline.services.workshop import Terms, Workshop

PROMPT = "a photo of {}"  # the captions that these models learned from are sentences; CLIP, section 3.1.4
PART = 64  # texts under way at once: two forwards, and few of the tokens that are let in
LOOK_S = 0.2


class WordVectors:
    """folder: made when it is first needed; of each model it keeps the built-in words, and those given last.

    Safe to use from several threads.
    """

    def __init__(self, folder: Path, workshop: Workshop) -> None:
        self._folder = folder
        self._workshop = workshop

    def of(self, model: Model, words: Sequence[str], look: Look = unwatched) -> Float32:
        """(N, dim), one for each word, in the bulk lane. look: called meanwhile; what it raises ends it.

        Raises NotReadyError: the server is shutting down; EngineError: they cannot be computed.
        """
        origin = "built-in" if words is built_in_words() else "given"
        path = self._folder / f"{model.fingerprint[:32]}-{origin}.npz"
        kept = _kept(path, words)
        if kept is None:
            kept = self._embedded(model, words, look)
            _keep(path, words, kept)
        return kept

    def _embedded(self, model: Model, words: Sequence[str], look: Look) -> Float32:
        parts: list[Float32] = []
        for part in _parts(words):
            texts = [Text(PROMPT.format(word)) for word in part]
            jobs = self._started(model, texts, look)
            try:
                parts += _answers(jobs, look)
            finally:
                for job in jobs:
                    job.answer.cancel()
        return np.stack(parts)

    def _started(self, model: Model, texts: Sequence[Asked], look: Look) -> list[Job]:
        """Requests are let in first."""
        while True:
            look()
            try:
                return self._workshop.start(model, texts, Terms(None, "bulk"))
            except OverloadedError as busy:
                time.sleep(min(busy.retry_after_s, LOOK_S))


@cache
def built_in_words() -> tuple[str, ...]:
    return tuple(files(__package__).joinpath("words.txt").read_text(encoding="utf-8").splitlines())


def _parts(words: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(words), PART):
        yield words[start : start + PART]


def _answers(jobs: Sequence[Job], look: Look) -> list[Float32]:
    answers = [job.answer for job in jobs]
    while wait(answers, LOOK_S).not_done:
        look()
    try:
        return [answer.result() for answer in answers]
    except CancelledError:
        raise NotReadyError("the server is shutting down") from None


def _kept(path: Path, words: Sequence[str]) -> Float32 | None:
    """What is kept, where it is of these very words; a file that cannot be read is as good as none."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            if archive["words"].tobytes() == _written(words):
                return np.asarray(archive["vectors"], dtype=np.float32)
    except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile):
        return None
    return None


def _keep(path: Path, words: Sequence[str], vectors: Float32) -> None:
    new = path.with_name(f"{path.name}.{os.urandom(4).hex()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with new.open("wb") as file:
            np.savez(file, words=np.frombuffer(_written(words), dtype=np.uint8), vectors=vectors)
        new.replace(path)
    except OSError:  # a full disk costs the next map some seconds, not this one its names
        with suppress(OSError):
            new.unlink()


def _written(words: Sequence[str]) -> bytes:
    """Every word and where it ends; the prompt, since vectors are of both."""
    return json.dumps([PROMPT, *words]).encode("ascii")
