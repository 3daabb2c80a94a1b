"""Joins what draws, names and keeps maps to an atlas. Knows every product by name, and no protocol."""

import os
from pathlib import Path

from sightline.bootstrap.places import owner_name
from sightline.domain.ports import Cartographer
from sightline.environment import cache_folder
from sightline.projections.cartographer import ProcessCartographer
from sightline.services.atlas.atlas import Atlas
from sightline.services.atlas.folders import MapFolders
from sightline.services.atlas.naming import ClusterNames
from sightline.services.atlas.vocabulary import WordVectors
from sightline.services.collections.ingest import Ingestion
from sightline.services.served import ServedModels

# folders in the library's; all of them may be deleted
MAPS = "maps"
WORDS = "words"  # their vectors, of each model
COMPILED = "compiled"  # what UMAP compiles at its first drawing: some 20 s of work


def join_atlas(
    home: Path, served: ServedModels, ingestion: Ingestion, *, cartographer: Cartographer | None = None
) -> Atlas:
    """On the same record as ingestion. cartographer: who draws; None for a process of its own."""
    return Atlas(
        ingestion.record,
        ingestion.ledger,
        ingestion.views,
        cartographer=cartographer or ProcessCartographer(compiled_in(home)),
        names=ClusterNames(served, WordVectors(home / WORDS, served.workshop)),
        folders=MapFolders(home / MAPS),
        speeds=ingestion.speeds,
        owner=owner_name(home),
    )


def compiled_in(home: Path) -> Path:
    """A folder for all libraries of a person; the library's own where there is none, as in containers."""
    try:
        folder = cache_folder() / COMPILED
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except (OSError, RuntimeError):
        return home / COMPILED
    return folder if os.access(folder, os.W_OK) else home / COMPILED
