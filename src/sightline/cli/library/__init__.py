"""The commands that work on the library, each a client of its server. Knows no route and no record."""

from sightline.cli.library.collection import collection
from sightline.cli.library.ingest import ingest
from sightline.cli.library.job import job
from sightline.cli.library.retry import retry
from sightline.cli.library.status import status

__all__ = ["collection", "ingest", "job", "retry", "status"]
