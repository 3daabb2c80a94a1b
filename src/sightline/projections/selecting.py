"""The largest few of many numbers, row by row. Does not know what they measure.

To sort out all of a row takes longer than the products that it came from. So its columns are dealt into
parts: the count-th largest of the parts' best is no larger than the count-th of all, and few others reach it.
"""

import numpy as np

from sightline.domain.arrays import Bools, Float32, Int64

PARTS = 8  # for each one that is wanted
EMPTY = -1  # in a table, where a row has fewer columns


def floors(scores: Float32, count: int) -> Float32:
    """For each row of (Q, C) a number that its `count` largest reach, and few others: (Q, 1)."""
    parts = PARTS * count
    depth = scores.shape[1] // parts
    if depth < 2:
        return _floors(scores, count)
    dealt = scores[:, : depth * parts].reshape(len(scores), depth, parts).max(axis=1)
    return _floors(np.concatenate([dealt, scores[:, depth * parts :]], axis=1), count)


def largest(scores: Float32, count: int) -> Int64:
    """The columns of the `count` largest of each row of (Q, C), in no order: (Q, count), or (Q, C)."""
    if count >= scores.shape[1]:
        return np.broadcast_to(np.arange(scores.shape[1]), scores.shape)
    reaching = scores >= floors(scores, count)
    if reaching.sum(axis=1).max() > 2 * PARTS * count:  # many are as good as each other
        return _partitioned(scores, count)
    table = table_of(reaching)
    reached = np.where(table == EMPTY, -np.inf, np.take_along_axis(scores, table, axis=1))
    return np.take_along_axis(table, _partitioned(reached, count), axis=1)


def table_of(chosen: Bools) -> Int64:
    """The columns that are true in each row, ascending and then EMPTY: (Q, as many as any row has)."""
    rows, columns = np.divmod(np.flatnonzero(chosen), chosen.shape[1])
    sizes = np.bincount(rows, minlength=len(chosen))
    table = np.full((len(chosen), int(sizes.max(initial=0))), EMPTY, dtype=np.int64)
    table[rows, np.arange(len(rows)) - np.repeat(np.cumsum(sizes) - sizes, sizes)] = columns
    return table


def _floors(scores: Float32, count: int) -> Float32:
    at = max(scores.shape[1] - count, 0)
    return np.partition(scores, at, axis=1)[:, at : at + 1]


def _partitioned(scores: Float32, count: int) -> Int64:
    at = scores.shape[1] - count
    if at <= 0:
        return np.broadcast_to(np.arange(scores.shape[1]), scores.shape)
    return np.argpartition(scores, at, axis=1)[:, at:]
