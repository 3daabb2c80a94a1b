"""What clusters are called: by a word that the model finds in them, by their metadata, by number.

Does not know how clusters are found, or who keeps their names. A map's job calls it once, with its clusters
in the order of their numbers:

    names = ClusterNames(served, WordVectors(folder, served.workshop))
    names.of(space, clusters, whole, vocabulary=order.vocabulary, look=look)  # a Named for each cluster
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from sightline.domain.arrays import Bools, Float32
from sightline.domain.collections import Space
from sightline.domain.errors import EngineError, SpaceMismatchError
from sightline.domain.maps import NamedBy
from sightline.domain.ports import Look, unwatched
from sightline.services.atlas.vocabulary import WordVectors, built_in_words
from sightline.services.served import ServedModels

log = logging.getLogger(__name__)

NEARLY = 0.95  # of the best word's score: such a word says as much
# Standard deviations above the mean of all words. By chance the best of a thousand has 3.2; what mini has a
# word for has 3.6 and more, what it has none for 2.5.
STANDS_OUT = 3.0
MOST = 0.5  # of a cluster's items have a value that names it
LIFT = 1.5  # and it is so much more frequent there than in the whole
VANISHING = 1e-6  # what rounding leaves of a direction that is nobody's own

Scalar = str | int | float | bool


@dataclass(frozen=True, eq=False)
class Crowd:
    """Items that are looked at together: all of a collection, or those of a cluster.

    direction: (dim,), the mean of their vectors, of any length. values: how many have each value of a field.
    """

    size: int
    direction: Float32
    values: Mapping[str, Mapping[Scalar, int]] = field(default_factory=dict)


@dataclass(frozen=True)
class Named:
    name: str
    by: NamedBy


class ClusterNames:
    """Safe to use from several threads."""

    def __init__(self, served: ServedModels, words: WordVectors) -> None:
        self._served = served
        self._words = words

    def of(
        self,
        space: Space,
        clusters: Sequence[Crowd],
        whole: Crowd,
        *,
        vocabulary: Sequence[str] = (),
        look: Look = unwatched,
    ) -> list[Named]:
        """A name for each cluster, no two the same. vocabulary: the words to choose from, for the built-in.

        look: called while words are embedded, seconds the first time; what it raises goes through.
        Raises NotReadyError: the models are still loading, or the server is shutting down.
        """
        words = tuple(dict.fromkeys(vocabulary)) or built_in_words()
        scores = self._scores(space, clusters, whole, (words, look))
        chosen = {} if scores is None else assigned(scores, words, _fits(scores, is_given=bool(vocabulary)))
        named = {number: Named(word, "vocabulary") for number, word in chosen.items()}
        taken = set(chosen.values())
        for number, cluster in enumerate(clusters):
            if number in named:
                continue
            name = next((name for name in _told(cluster, whole) if name not in taken), None)
            named[number] = Named(name, "metadata") if name else Named(f"cluster {number}", "number")
            taken.add(named[number].name)
        return [named[number] for number in range(len(clusters))]

    def _scores(
        self, space: Space, clusters: Sequence[Crowd], whole: Crowd, asked: tuple[tuple[str, ...], Look]
    ) -> Float32 | None:
        """(clusters, words): how well a word says what is particular; None where no model here can tell."""
        if not clusters:
            return None
        try:
            model = self._served.for_space(space).model
            if not model.embeds_text:
                return None
            vectors = self._words.of(model, *asked)
        except SpaceMismatchError:
            return None
        except EngineError as error:
            log.warning("clusters are named without words", extra={"fields": {"reason": error}})
            return None
        return scores(np.stack([one.direction for one in clusters]), whole.direction, vectors)


def scores(clusters: Float32, whole: Float32, words: Float32) -> Float32:
    """(C, dim), (dim,), (W, dim) -> (C, W), cosines of what is left when what all share is taken away.

    Pictures lie elsewhere than texts (Liang and others, Mind the Gap, 2022), and a name is to say how a
    cluster differs from the others. One cluster alone differs from nothing but the items outside it.
    """
    shared = clusters.mean(axis=0) if len(clusters) > 1 else whole
    found: Float32 = _unit(clusters - shared) @ _unit(words - words.mean(axis=0)).T
    return found


def _unit(vectors: Float32) -> Float32:
    """(N, D), those that vanish left at 0."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.where(lengths > VANISHING, vectors / np.maximum(lengths, VANISHING), 0).astype(np.float32)


def _fits(found: Float32, *, is_given: bool) -> Bools:
    """(C, W): words that may name a cluster. Of a person's own the best does, however few they are."""
    if is_given:
        return found > 0
    bars = found.mean(axis=1, keepdims=True) + STANDS_OUT * found.std(axis=1, keepdims=True)
    return np.asarray((found > bars) & (found > 0), dtype=np.bool_)


def assigned(found: Float32, words: Sequence[str], fits: Bools) -> dict[int, str]:
    """A word for each cluster that one fits; where a word fits several best, the surest of them has it.

    Of words nearly as good as the best the plainest is taken, "skirt" rather than "pleated skirt", and of
    several the first of the list: it has the commoner ones first, a person's own what they would rather read.
    """
    chosen: dict[int, str] = {}
    taken: set[int] = set()
    for cluster in np.argsort(-found.max(axis=1), kind="stable").tolist():
        row = found[cluster]
        good = np.flatnonzero(fits[cluster] & (row >= NEARLY * row.max())).tolist()
        free = [word for word in good if word not in taken]
        if not good:
            continue
        best = min(free or good, key=lambda word: (words[word].count(" "), word))
        taken.add(best)
        chosen[cluster] = _numbered(words[best], set(chosen.values()))
    return chosen


def _numbered(name: str, taken: set[str]) -> str:
    """The name, with a number where another cluster has it."""
    found, number = name, 2
    while found in taken:
        found, number = f"{name} {number}", number + 1
    return found


def _told(cluster: Crowd, whole: Crowd) -> Iterator[str]:
    """Names by values that most of a cluster have and that set it apart, the best first."""
    found: list[tuple[float, str, Scalar]] = []
    for name, counts in cluster.values.items():
        for value, count in counts.items():
            share = count / max(1, cluster.size)
            usual = whole.values.get(name, {}).get(value, count) / max(1, whole.size)
            if share >= MOST and share >= LIFT * usual:
                found.append((usual - share, name, value))
    for _, name, value in sorted(found, key=lambda one: one[:2]):
        yield value if isinstance(value, str) and value else f"{name} {value}"
