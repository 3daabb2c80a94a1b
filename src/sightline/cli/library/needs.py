"""Which models a command needs, those that the library was made with. Does not know how to load one."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sightline.bootstrap.library import Bound, spaces_bound
from sightline.cli.library.errand import Errand
from sightline.domain.collections import Space
from sightline.domain.errors import ChangedFileError, MissingFileError
from sightline.domain.ledger import Job
from sightline.services.served import ServedModels
from sightline.settings import Settings

REMEDY = "or name the folder where the model is now, by --model of `sightline ingest`"


@dataclass(frozen=True)
class Needs:
    """models: by the names they are loaded by. spaces: those whose vectors must be of these models.

    others: jobs that are not what the command is about, and go on meanwhile.
    """

    models: tuple[str, ...] = ()
    spaces: Sequence[Space] = ()
    others: Sequence[Job] = ()

    def require_same(self, served: ServedModels) -> None:
        """Raises ChangedFileError: a folder holds another model than the library was made with."""
        for space in self.spaces:
            if not space.origin:
                continue
            found = served.get(space.origin).model.fingerprint
            if found != space.fingerprint:
                raise ChangedFileError(
                    f"the library was made with the model in {space.origin!r} when its fingerprint was "
                    f"{space.fingerprint[:16]}; it is {found[:16]} now: put the files, and the settings of "
                    f"crops, back, {REMEDY}"
                )


def needed(settings: Settings, errand: Errand) -> Needs:
    """The model that the errand is about comes first, then those of jobs that will go on by themselves.

    Raises MissingFileError: the folder of one is gone; FolderOwnedError, RecordError.
    """
    if not errand.needs_model:
        return Needs()
    bound = spaces_bound(settings)
    own = None if errand.model else _of_errand(bound, errand)
    spaces = [own] if own else []
    named = [errand.model] if errand.model else []
    if errand.runs_jobs:
        # one whose folder is gone may be the model that is named: it moved
        spaces += [space for space in bound.unfinished if not (errand.model and _is_gone(space))]
    for space in spaces:
        if _is_gone(space):
            raise MissingFileError(
                f"the library was made with the model in {space.origin!r} (fingerprint "
                f"{space.fingerprint[:16]}), and there is no such folder: put it back, {REMEDY}"
            )
    loaded = [space.origin or space.model for space in spaces]
    if not named and own is None:
        named = list(settings.models)
    others = [job for job in bound.waiting if errand.runs_jobs and job.id != errand.job]
    return Needs(tuple(dict.fromkeys([*named, *loaded])), spaces, others)


def _is_gone(space: Space) -> bool:
    return bool(space.origin) and not Path(space.origin).is_dir()


def _of_errand(bound: Bound, errand: Errand) -> Space | None:
    """That of the collection or job; where none is named, of the only collection there is."""
    if errand.job is not None:
        return bound.jobs.get(errand.job)
    if errand.collection is not None:
        return bound.collections.get(errand.collection)
    spaces = list(bound.collections.values())
    return spaces[0] if len(spaces) == 1 else None
