"""Finds the items of a collection that are most like what is asked for. Does not know models, stores or HTTP.

The view gives ids and scores, the record what they are. Where they differ, the record is right: an item that
it has no more, or that passes the filter no more, is left out, and the next takes its place.
"""

from dataclasses import replace
from itertools import islice
from typing import Protocol

from sightline.domain.arrays import Float32, Int64
from sightline.domain.catalogue import Record
from sightline.domain.collections import Space
from sightline.domain.errors import InvalidRequestError, UnknownItemError
from sightline.domain.filters import And, Filter, Path
from sightline.domain.hits import Answer, Hit, LikeItem, Query
from sightline.domain.ports import View
from sightline.domain.selections import Selection
from sightline.domain.vectors import weighted_direction
from sightline.services.atlas.selecting import Selecting
from sightline.services.atlas.sheets import Sheets
from sightline.services.collections.backgrounds import Backgrounds
from sightline.services.collections.confined import chosen
from sightline.services.collections.found import GROWTH, Finder
from sightline.services.collections.groups import Group, Groups
from sightline.services.collections.notes import Notes

PER_GROUP = 4  # a product has some four pictures


class OpenViews(Protocol):
    """The views of the collections. Both raise UnknownCollectionError and StoreError."""

    def view(self, name: str) -> View: ...

    def lag(self, name: str) -> int:
        """How many changes of the record its view does not hold yet."""
        ...


class Search:
    """Searches of all collections. Safe to use from several threads."""

    def __init__(self, record: Record, views: OpenViews, sheets: Sheets | None = None) -> None:
        """sheets: the maps as others look at them too."""
        self._record = record
        self._views = views
        self._backgrounds = Backgrounds(record)
        self._sheets = sheets or Sheets(record)
        self._selecting = Selecting(views)

    def search(self, name: str, query: Query) -> Answer:
        """The hits, best first, ties by id.

        Raises InvalidRequestError: the parts give no direction, or a vector is of another length;
        NoMapError, MapChangedError: `within` is asked of no map; UnknownCollectionError, UnknownItemError,
        StoreError, RecordError.
        """
        space = self._record.space(name)
        view = self._views.view(name)
        direction = self._direction(name, space, query)
        left_out = set() if query.with_asked else set(query.asked_items)
        seqs = None if query.within is None else self._within(name, query.within, query.where)
        part = None if seqs is None else chosen(self._record, view, name, seqs)
        groups = _groups(Finder(self._record, part or view, name, direction, query.exact, left_out), query)
        bar = self._backgrounds.of(name, space, view).bar(direction, [group.best.score for group in groups])
        hits = [_hit(group, bar) for group in groups[query.offset :]]
        lag = self._views.lag(name)
        notes = Notes(self._record, view, name, query).on(hits, lag)
        if part is not None:
            notes += part.notes(query.k - len(hits))
        considered = _considered(view, query) if seqs is None else len(seqs)
        return Answer(hits, considered, lag=lag, notes=notes)

    def _within(self, name: str, within: Selection, where: Filter | None) -> Int64:
        """The seqs, ascending, of what lies in a part of the map and passes."""
        sheet = self._sheets.newest(name)
        return sheet.seqs[self._selecting.rows(sheet, replace(within, where=where))]

    def _direction(self, name: str, space: Space, query: Query) -> Float32:
        """The unit vector (dim,) of what is looked for."""
        asked = self._record.vectors_of(name, query.asked_items) if query.asked_items else {}
        vectors = []
        for part in query.parts:
            if not isinstance(part, LikeItem):
                vectors.append(_of_length(part.vector, space.dim))
            elif part.item_id in asked:
                vectors.append(asked[part.item_id])
            else:
                raise UnknownItemError(f"there is no item {part.item_id[:80]!r} in collection {name!r}")
        return weighted_direction(vectors, [part.weight for part in query.parts])


def _of_length(vector: Float32, dim: int) -> Float32:
    if vector.shape != (dim,):
        raise InvalidRequestError(
            f"a vector of shape {vector.shape} cannot be compared: the collection's vectors have {dim} "
            "numbers; embed with its model"
        )
    return vector


def _considered(view: View, query: Query) -> int | None:
    is_known = query.where is None or query.with_count
    return view.count(query.where) if is_known else None


def _groups(finder: Finder, query: Query) -> list[Group]:
    """What is found, from the first hit to the last one wanted; without grouping each by itself."""
    wanted = query.offset + query.k
    if query.group_by is not None:
        return _best_of_groups(finder, query, query.group_by)
    return [Group(found) for found in islice(finder.nearest(wanted, query.where), wanted)]


def _best_of_groups(finder: Finder, query: Query, path: Path) -> list[Group]:
    """Asks for more and more, leaving out the groups that were met, until there are enough or no more."""
    wanted = query.offset + query.k
    groups = Groups(path)
    where, count = query.where, PER_GROUP * wanted + len(finder.seen)
    while True:
        missing = wanted - len(groups)
        found, is_end = finder.piece(where, count)
        for one in found:
            groups.take(one)
        still_missing = wanted - len(groups)
        if still_missing <= 0 or is_end:
            return groups.first(wanted)
        if 2 * still_missing > missing:
            count *= GROWTH
        others = groups.others()
        where = others if query.where is None else And((query.where, others))


def _hit(group: Group, bar: float) -> Hit:
    item, score = group.best.item, group.best.score
    return Hit(item.id, score, item.uri, item.metadata, is_weak=score < bar, met=group.met)
