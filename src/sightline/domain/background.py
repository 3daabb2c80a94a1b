"""What scores an arbitrary item gets, and so which scores stand out. Does not know models or collections.

No cut-off fits all: 0.3 is a good match of a text in one model and of nothing in another, and queries of one
model differ as much. But most items have nothing to do with a query, so a sample of them tells what scores
that gives: some distribution around a middle. A query that means something to the collection lifts some items
out of it; one that does not still has a nearest item, but no more of them up there than chance puts there.

The rule. The middle is the sample's median, the spread its median distance from it (scaled so that a normal
distribution has spread 1); both stay put while less than half of the collection matches. At z spreads above
the middle, a normal distribution would have the share Q(z) of the collection. The bar of a query is the
lowest score, at least MIN_SPREADS up, that CROWD times as many items reach; so of the hits above it no more
than one in CROWD is there by chance (Benjamini and Hochberg, 1995). Hits below are weak; without a bar all.

Measured with mini, on 500 to 10,000 drawings, with 272 captions and 40 texts about nothing that is drawn: of
the ten best hits, 88 to 90 % of those that fit the caption are above the bar, and 84 to 88 % of what the
other texts find is below. A crowd of 2 gives 94 and 71 %, one of 6 some 80 and 96 %.

What does not work: a query that a third of the collection matches hardly stands out from it (in a shop of
three kinds of tops 29 % are above), and weak means no more than that.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from sightline.domain.arrays import Float32

SAMPLE_ITEMS = 512
MIN_ITEMS = 50  # the spread of fewer is a guess: nothing is called weak then
MIN_SPREADS = 2.0
CROWD = 3.0
MIN_CROWD_ITEMS = 5  # of the sample: fewer are up there by chance too often
NORMAL_SPREAD = 1.4826  # of a normal distribution, its deviation / its median distance from the median


@dataclass(frozen=True, eq=False)
class Background:
    """vectors: (N, dim) of items drawn without favour. total: how many items they stand for."""

    vectors: Float32
    total: int

    def bar(self, query: Float32, best: Sequence[float]) -> float:
        """The score from which on hits of a unit vector (dim,) are not weak; infinite if all are.

        best: the scores of the items nearest to it, all of them from the first on, in order.
        """
        if len(self.vectors) < MIN_ITEMS:
            return -math.inf
        scores = np.sort(self.vectors @ query)[::-1]  # (N,)
        middle = float(scores[len(scores) // 2])
        spread = NORMAL_SPREAD * float(np.median(np.abs(scores - middle)))
        if spread == 0:  # half of the collection is one vector
            return -math.inf
        least = middle + MIN_SPREADS * spread
        crowded = (
            score
            for score, share in self._shares(scores, best, least)
            if share >= CROWD * _chance((score - middle) / spread)
        )
        return min(crowded, default=math.inf)

    def _shares(self, scores: Float32, best: Sequence[float], least: float) -> Iterator[tuple[float, float]]:
        """Scores not below `least`, and what share of the collection reaches each."""
        for rank, score in enumerate(best, start=1):
            if score >= least:
                yield score, rank / max(self.total, rank)  # the view may have been emptied since
        above = int((scores >= least).sum())
        for rank in range(MIN_CROWD_ITEMS, above + 1):
            yield float(scores[rank - 1]), rank / len(scores)


def _chance(spreads: float) -> float:
    """Which share of a normal distribution is at least so far above its middle."""
    return math.erfc(spreads / math.sqrt(2)) / 2
