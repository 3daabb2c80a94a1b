"""An ingestion at work on any source, without a model and without a library. Does not know what is tested."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sightline.catalogue.uploads import UploadFolder
from sightline.domain.catalogue import Ledger, Record
from sightline.domain.collections import Space
from sightline.services.collections.ingest import Ingestion
from sightline.services.collections.planning import OpenSource
from sightline.services.collections.uploads import KeptUploads
from sightline.services.collections.views import Views
from sightline.services.embedding import EmbeddingService
from sightline.services.workshop import Workshop
from sightline.stores.memory import MemoryStore


def no_model(space: Space) -> EmbeddingService:
    raise AssertionError(f"nothing of {space} is to be embedded")


@contextmanager
def at_work(record: Record, ledger: Ledger, home: Path, open_source: OpenSource) -> Iterator[Ingestion]:
    with closing(Workshop(threads=1)) as workshop:
        ingestion = Ingestion(
            record,
            ledger,
            Views(record, MemoryStore()),
            models=no_model,
            workshop=workshop,
            uploads=KeptUploads(record, UploadFolder(home), keeps=False, forget=lambda sha256: None),
            open_source=open_source,
            owner="me",
        )
        ingestion.start()
        with closing(ingestion):
            yield ingestion
