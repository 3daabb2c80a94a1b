"""Hits as the server gives them, shown as a table. Does not know how they are found."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from demo.shop import Article, Question
from sightline.client import answers

HITS = 5
PRODUCT = "product_id"  # what the metadata calls a table's id


@dataclass(frozen=True)
class Hit:
    """An article and its cosine to the question."""

    article: Article
    score: float


@dataclass(frozen=True)
class Answer:
    question: Question
    hits: Sequence[Hit]


def answer_of(question: Question, hits: Sequence[answers.Hit], articles: Sequence[Article]) -> Answer:
    """What the server found, as the articles that it stands for."""
    found = [Hit(articles[int(str(hit.metadata[PRODUCT]))], hit.score) for hit in hits]
    return Answer(question, found)


def print_answers(console: Console, found: Sequence[Answer]) -> None:
    """A row per question: what was found, with its cosine; green where kind and colour are as asked."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_lines=True)
    table.add_column("query", style="bold", min_width=20)
    for place in range(1, HITS + 1):
        table.add_column(f"hit {place}")
    for answer in found:
        table.add_row(answer.question.title, *(_cell(answer.question, hit) for hit in answer.hits))
    console.print(table)


def _cell(question: Question, hit: Hit) -> Text:
    product = hit.article.product
    style = "green" if question.is_answered_by(hit.article) else "dim"
    return Text(f"{product.colour} {product.kind}\n{hit.score:.3f}", style=style)
