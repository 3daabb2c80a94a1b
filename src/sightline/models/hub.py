"""Files of model repositories, through huggingface_hub. Does not know what they hold or which are needed."""

import contextlib
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, cast

import huggingface_hub
from huggingface_hub import constants
from huggingface_hub.errors import (
    EntryNotFoundError,
    GatedRepoError,
    HfHubHTTPError,
    HFValidationError,
    LocalEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from sightline.domain.errors import MissingFileError, ModelError, UnknownModelError

MAIN = "main"
COMMIT = re.compile(r"[0-9a-f]{40}")
SHA256 = re.compile(r"[0-9a-f]{64}")

# OSError, and the error of the HTTP library below huggingface_hub: httpx for 1.x, httpx2 for 2.x.
_TRANSPORT_ERRORS = cast(tuple[type[Exception], ...], HfHubHTTPError.__bases__)
_FAILURES: tuple[type[Exception], ...] = (HFValidationError, *_TRANSPORT_ERRORS)


@dataclass(frozen=True)
class Hub:
    """Where checkpoints come from and are kept.

    None: what huggingface_hub itself takes from the environment (HF_HOME, HF_TOKEN, HF_ENDPOINT).
    """

    cache_dir: Path | None = None
    token: str | None = None
    offline: bool = False
    endpoint: str | None = None

    @property
    def cache(self) -> Path:
        return self.cache_dir or Path(constants.HF_HUB_CACHE)


@dataclass(frozen=True)
class Fetched:
    """A file of a repository. commit and sha256: as the hub states them; None where it states none.

    The hub states the sha256 of files above some 10 MB, which it keeps apart from the git history.
    """

    path: Path
    commit: str | None
    sha256: str | None


class Fetcher(Protocol):
    """Gives files of repositories, from wherever it keeps them."""

    def fetch(self, repo: str, revision: str, file: str) -> Fetched | None:
        """One file; None if the repository has none of that name, or if offline and it was never fetched.

        Raises UnknownModelError: no such repository or revision. MissingFileError: it may exist, but is out
        of reach.
        """
        ...

    def advice(self, repo: str) -> str:
        """Where files of a repository were looked for, and the ways to provide them."""
        ...


class HubFetcher:
    """The Hugging Face hub and its cache on disk. Broken downloads are taken up where they stopped."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._offline = hub.offline or constants.HF_HUB_OFFLINE

    def fetch(self, repo: str, revision: str, file: str) -> Fetched | None:
        try:
            path = self._download(repo, revision, file) if self._may_exist(repo, revision, file) else None
        except LocalEntryNotFoundError as exc:  # an EntryNotFoundError, but it means: no answer, and no copy
            if self._offline:
                return None
            raise self._translated(exc.__cause__, f"{repo}@{revision}", file) from exc
        except EntryNotFoundError:
            return None
        except _FAILURES as exc:
            raise self._translated(exc, f"{repo}@{revision}", file) from exc
        return _fetched(Path(path)) if path else None

    def advice(self, repo: str) -> str:
        tried = "offline, so only there" if self._offline else f"then at {self._endpoint}"
        return (
            f"Looked in {self._hub.cache} ({tried}). Ways to provide it: run `sightline models pull` on a "
            "machine with network and copy that cache folder here; point HF_HOME at a cache that has it; "
            f"give the folder of a copy of {repo} instead of its name; set HF_TOKEN if it is gated or private"
            "; set HF_HUB_OFFLINE=1 if that cache has all there is"
        )

    def _may_exist(self, repo: str, revision: str, file: str) -> bool:
        """False if the cache knows that there is none. Asks the hub once about a file that is not cached.

        hf_hub_download would ask too, but where there is no network it tries six times over, for 23 s.
        """
        cached = huggingface_hub.try_to_load_from_cache(repo, file, self._hub.cache, revision)
        if cached is None and not self._offline:
            url = huggingface_hub.hf_hub_url(repo, file, revision=revision, endpoint=self._hub.endpoint)
            with contextlib.suppress(EntryNotFoundError):  # the download below notes that in the cache
                huggingface_hub.get_hf_file_metadata(url, token=self._hub.token)
        known_absent = cached is not None and not isinstance(cached, str)
        return not (known_absent and COMMIT.fullmatch(revision))

    def _download(self, repo: str, revision: str, file: str) -> str:
        return huggingface_hub.hf_hub_download(
            repo,
            file,
            revision=revision,
            cache_dir=self._hub.cache,
            token=self._hub.token,
            local_files_only=self._offline,
            endpoint=self._hub.endpoint,
        )

    @property
    def _endpoint(self) -> str:
        return self._hub.endpoint or constants.ENDPOINT

    def _translated(self, exc: BaseException | None, repo: str, file: str) -> ModelError:
        status = getattr(getattr(exc, "response", None), "status_code", None)
        match exc:
            case GatedRepoError():
                return MissingFileError(
                    f"{file} of {repo} is gated: accept the terms on its page at {self._endpoint}, "
                    "and set HF_TOKEN to a token of that account"
                )
            case RevisionNotFoundError():
                return UnknownModelError(
                    f"{self._endpoint} has no {repo}: the repository lacks that revision"
                )
            case RepositoryNotFoundError():
                return UnknownModelError(
                    f"{self._endpoint} has no {repo}; if it is private, set HF_TOKEN to one that may read it"
                )
            case HFValidationError():
                return UnknownModelError(
                    f"{repo!r} is not a hub id; one looks like 'openai/clip-vit-base-patch32'"
                )
            case HfHubHTTPError() if status in (401, 403):
                return MissingFileError(
                    f"{self._endpoint} refused {file} of {repo} ({status}): check HF_TOKEN"
                )
            case HfHubHTTPError():
                return MissingFileError(
                    f"{self._endpoint} answered {status} for {file} of {repo}; try again later"
                )
            case OSError() if exc.errno is not None:
                return MissingFileError(f"{file} of {repo} could not be stored: {os.strerror(exc.errno)}")
        advice = self.advice(repo.partition("@")[0])
        return MissingFileError(
            f"{file} of {repo} is not cached and {self._endpoint} did not answer. {advice}"
        )


def _fetched(path: Path) -> Fetched:
    """Reads what the cache's own names say: snapshots/COMMIT/FILE links to blobs/ETAG, a sha256 if large."""
    commit = path.parent.name
    blob = path.readlink().name if path.is_symlink() else ""
    return Fetched(
        path=path,
        commit=commit if COMMIT.fullmatch(commit) else None,
        sha256=blob if SHA256.fullmatch(blob) else None,
    )
