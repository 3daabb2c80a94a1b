"""Hits: found in memory, shown as a table. Does not know how vectors were made."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from demo.shop import Article, Question

Float32 = NDArray[np.float32]

HITS = 5


@dataclass(frozen=True)
class Hit:
    """An article and its cosine to the question."""

    article: Article
    score: float


@dataclass(frozen=True)
class Answer:
    question: Question
    hits: Sequence[Hit]


def search(question: Question, vector: Float32, articles: Sequence[Article], vectors: Float32) -> Answer:
    """The articles nearest to the question's (dim,) among theirs (N, dim), all of unit length."""
    scores = vectors @ vector  # (N,)
    best = np.argsort(-scores, kind="stable")[:HITS]
    return Answer(question, [Hit(articles[row], float(scores[row])) for row in best])


def print_answers(console: Console, answers: Sequence[Answer]) -> None:
    """A row per question: what was found, with its cosine; green where kind and colour are as asked."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_lines=True)
    table.add_column("query", style="bold", min_width=20)
    for place in range(1, HITS + 1):
        table.add_column(f"hit {place}")
    for answer in answers:
        table.add_row(answer.question.title, *(_cell(answer.question, hit) for hit in answer.hits))
    console.print(table)


def _cell(question: Question, hit: Hit) -> Text:
    product = hit.article.product
    style = "green" if question.is_answered_by(hit.article) else "dim"
    return Text(f"{product.colour} {product.kind}\n{hit.score:.3f}", style=style)
