"""Shows the store where items lie on the map, if it has columns for it. Does not know how they are placed.

The store keeps, together with the rows, which map's places it has and up to which change: a view that is made
anew has none, and is given all of them.
"""

import numpy as np

from sightline.domain.catalogue import Record
from sightline.domain.contents import rows_in
from sightline.domain.maps import Map
from sightline.domain.ports import Plotted
from sightline.services.collections.views import Views

AT_ONCE = 50_000  # rows given together


class Plots:
    """For one thread of each collection at a time."""

    def __init__(self, record: Record, views: Views) -> None:
        self._record = record
        self._views = views

    def bring(self, name: str, known: Map | None, placed: int) -> bool:
        """Give the view the places of all items up to a change; False where it does not hold all of them yet.

        known: None where there is no map: then it forgets what it has.
        Raises UnknownCollectionError, MapChangedError, StoreError, RecordError.
        """
        view = self._views.view(name)
        if not isinstance(view, Plotted):
            return True
        plotted = view.plotted()
        if known is None:
            if plotted is not None:
                view.forget_plot()
            return True
        if plotted is not None and plotted[0] != known.mark:
            view.forget_plot()
            plotted = None
        held = view.cursor
        after, until = 0 if plotted is None else plotted[1], min(placed, held)
        if until > after or plotted is None:
            self._plot(name, known, view, after=after, until=until)
        return held >= placed

    def _plot(self, name: str, known: Map, view: Plotted, *, after: int, until: int) -> None:
        roll = self._record.roll(name, after)
        points = self._record.maps.points(name, known.id)
        wanted = np.flatnonzero(roll.seqs <= until)
        found = rows_in(points.contents, roll.contents[wanted])
        seqs, rows = roll.seqs[wanted][found >= 0], found[found >= 0]
        for start in range(0, len(seqs), AT_ONCE):
            part = slice(start, start + AT_ONCE)
            view.plot(seqs[part], points.places[rows[part]], mark=known.mark, until=int(seqs[part][-1]))
        view.plot(seqs[:0], points.places[:0], mark=known.mark, until=until)
