"""Which rows of a sheet are selected. Does not know how a filter is carried out, or who asks."""

from typing import Protocol

import numpy as np

from sightline.domain.arrays import Bools, UInt8
from sightline.domain.filters import Filter
from sightline.domain.ports import View
from sightline.domain.selections import Selection
from sightline.services.atlas.lassos import Heights, caught
from sightline.services.atlas.sheets import Sheet


class OpenViews(Protocol):
    def view(self, name: str) -> View:
        """Raises UnknownCollectionError, StoreError."""
        ...


class Selecting:
    """Of all collections. Safe to use from several threads."""

    def __init__(self, views: OpenViews) -> None:
        self._views = views

    def rows(self, sheet: Sheet, selection: Selection) -> Bools:
        """(N,), whether each row passes; what its view does not hold yet passes no filter.

        Raises UnknownCollectionError, StoreError.
        """
        mask = marked(sheet.heights, sheet.clusters, selection)
        if selection.where is not None:
            mask &= self._passing(sheet, selection.where)
        return mask

    def _passing(self, sheet: Sheet, where: Filter) -> Bools:
        seqs = self._views.view(sheet.collection).passing(where)
        rows = sheet.rows_of(seqs)
        mask = np.zeros(len(sheet), dtype=np.bool_)
        mask[rows[rows >= 0]] = True
        return mask


def marked(heights: Heights, clusters: UInt8, selection: Selection) -> Bools:
    """(N,), whether each point lies in the lasso, and in one of the clusters; its filter is not asked."""
    mask = np.ones(len(clusters), dtype=np.bool_)
    if selection.lasso:
        mask &= caught(heights, selection.lasso)
    if selection.clusters is not None:
        wanted = np.zeros(256, dtype=np.bool_)
        wanted[list(selection.clusters)] = True
        mask &= wanted[clusters]
    return mask


def bits(mask: Bools) -> bytes:
    """Row i is bit i % 8, the least significant first, of byte i // 8."""
    return np.packbits(mask, bitorder="little").tobytes()
