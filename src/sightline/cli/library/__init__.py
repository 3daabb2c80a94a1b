"""The commands that work on the library, each a client of its server. Knows no route and no record."""

from sightline.cli.library.backup import backup
from sightline.cli.library.collection import collection
from sightline.cli.library.duplicates import duplicates
from sightline.cli.library.export import export
from sightline.cli.library.ingest import ingest
from sightline.cli.library.job import job
from sightline.cli.library.map import map_
from sightline.cli.library.restore import restore
from sightline.cli.library.retry import retry
from sightline.cli.library.search import search
from sightline.cli.library.status import status
from sightline.cli.library.store import store

__all__ = [
    "backup",
    "collection",
    "duplicates",
    "export",
    "ingest",
    "job",
    "map_",
    "restore",
    "retry",
    "search",
    "status",
    "store",
]
