"""What the demo's shop sells, and what its visitors ask for. Does not know vectors or HTTP."""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from drawings import Product, draw, products

PICTURES = 60
SIZE_PX = 224
SEED = 20_000

# Four of each are on the shelves, so that there is something to find; the rest is whatever comes.
WANTED = (("dress", "red"), ("mug", "blue"), ("backpack", "yellow"), ("sofa", "green"), ("shoes", "black"))
PRICES = (12, 25, 39, 64, 120)
LOOKS = (("plain", "white"), ("striped", "room"), ("dotted", "grey"), ("plain", "wooden"))


@dataclass(frozen=True)
class Article:
    """One drawn product."""

    product: Product
    picture: Image.Image

    @property
    def png(self) -> bytes:
        return _png(self.picture)


@dataclass(frozen=True)
class Question:
    """What a visitor asks, in words or with a picture, and the kind and colour that would please."""

    kind: str
    colour: str
    words: str = ""
    picture: Image.Image | None = None

    @property
    def title(self) -> str:
        return f"“{self.words}”" if self.words else f"the picture of a {self.colour} {self.kind}"

    @property
    def png(self) -> bytes | None:
        return None if self.picture is None else _png(self.picture)

    def is_answered_by(self, article: Article) -> bool:
        return (article.product.kind, article.product.colour) == (self.kind, self.colour)


QUESTIONS = (
    Question("dress", "red", "a red dress"),
    Question("mug", "blue", "a blue coffee mug"),
    Question("backpack", "yellow", "a yellow rucksack"),
    Question("sofa", "green", "a photo of a green couch"),
    Question("shoes", "black", "black sneakers"),
)


def stock() -> list[Article]:
    """Sixty pictures, each drawn once, the same on every run."""
    return [
        Article(product, draw(product, SIZE_PX, SEED + number))
        for number, product in enumerate(_assortment())
    ]


def write_catalogue(folder: Path, articles: Sequence[Article]) -> Path:
    """A table as shops have them: a row for each article, with the path of its picture."""
    (folder / "pictures").mkdir(parents=True, exist_ok=True)
    table = folder / "catalogue.csv"
    with table.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(("id", "title", "kind", "colour", "price", "picture"))
        for number, article in enumerate(articles):
            name = f"pictures/{number:02}.png"
            (folder / name).write_bytes(article.png)
            kind, colour = article.product.kind, article.product.colour
            rows.writerow((number, f"{colour} {kind}", kind, colour, PRICES[number % len(PRICES)], name))
    return table


def picture_question() -> Question:
    """A backpack that is not in stock, in another pose and before another background."""
    seen = Product("backpack", "yellow", "plain", "textured")
    return Question(seen.kind, seen.colour, picture=draw(seen, SIZE_PX, SEED - 1))


def _assortment() -> Iterator[Product]:
    wanted = [Product(kind, colour, *look) for kind, colour in WANTED for look in LOOKS]
    yield from wanted
    others = (p for p in products(PICTURES * 4, SEED) if (p.kind, p.colour) not in WANTED)
    for _ in range(PICTURES - len(wanted)):
        yield next(others)


def _png(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()
