"""What a command wants of the library, before it is known who serves it. Does not know how it is served."""

from dataclasses import dataclass

from sightline.domain.items import checked_collection


@dataclass(frozen=True)
class Errand:
    """collection, job: whose model is needed, where the command names none by `model`.

    store: the store that is meant; None for the one in use. needs_model: False where nothing is embedded or
    searched. runs_jobs: whether a server of our own works on the jobs that wait.
    """

    collection: str | None = None
    job: int | None = None
    model: str | None = None
    store: str | None = None
    needs_model: bool = True
    runs_jobs: bool = False

    def __post_init__(self) -> None:
        """Raises InvalidRequestError: no collection can be called so; it is part of addresses."""
        if self.collection is not None:
            checked_collection(self.collection)
