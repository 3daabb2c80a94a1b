"""What the demo's shop sells, and what its visitors ask for. Does not know vectors or HTTP."""

import csv
import io
import os
import signal
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from PIL import Image

from drawings import Product, draw, products

PICTURES = 600
SIZE_PX = 192
SEED = 20_000
QUALITY = 92  # of a shop's JPEG files
TRIM_PX = 2

# Four of each are on the shelves, so that there is something to find; the rest is whatever comes.
WANTED = (("dress", "red"), ("mug", "blue"), ("backpack", "yellow"), ("sofa", "green"), ("shoes", "black"))
LOOKS = (("plain", "white"), ("striped", "room"), ("dotted", "grey"), ("plain", "wooden"))

# What catalogues are full of: of every so many articles one is there twice, by the same file, or by one that
# was cut and packed anew.
EXACT_EVERY, NEAR_EVERY = 70, 45

# of each kind the materials, and what it costs
GOODS: dict[str, tuple[tuple[str, ...], int]] = {
    "t-shirt": (("cotton", "linen"), 15),
    "shirt": (("cotton", "linen", "silk"), 35),
    "longsleeve": (("wool", "cotton"), 45),
    "jacket": (("leather", "denim", "wool"), 110),
    "dress": (("cotton", "silk", "linen"), 45),
    "skirt": (("cotton", "wool", "leather"), 40),
    "pants": (("denim", "cotton", "wool"), 55),
    "shorts": (("denim", "cotton"), 30),
    "hat": (("wool", "straw", "cotton"), 20),
    "shoes": (("leather", "canvas"), 80),
    "bag": (("leather", "canvas"), 90),
    "backpack": (("canvas", "leather"), 70),
    "watch": (("steel", "leather"), 180),
    "mug": (("stoneware", "porcelain"), 12),
    "bottle": (("glass", "steel"), 18),
    "vase": (("glass", "stoneware", "porcelain"), 28),
    "chair": (("wood", "steel"), 130),
    "sofa": (("linen", "leather", "velvet"), 800),
    "table": (("wood", "glass"), 350),
    "lamp": (("steel", "glass", "linen"), 60),
}


@dataclass(frozen=True)
class Article:
    """One drawn product. copy_of: the number of the article that it is a copy of, if it is one."""

    product: Product
    picture: Image.Image
    jpeg: bytes
    material: str
    price: float
    copy_of: int | None = None

    @property
    def title(self) -> str:
        return f"{self.product.colour} {self.product.kind}"


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
        if self.picture is None:
            return None
        buffer = io.BytesIO()
        self.picture.save(buffer, "PNG")
        return buffer.getvalue()

    def is_answered_by(self, article: Article) -> bool:
        return (article.product.kind, article.product.colour) == (self.kind, self.colour)


QUESTIONS = (
    Question("dress", "red", "a red dress"),
    Question("mug", "blue", "a blue coffee mug"),
    Question("backpack", "yellow", "a yellow rucksack"),
    Question("sofa", "green", "a photo of a green couch"),
    Question("shoes", "black", "black sneakers"),
)


def stock(count: int = PICTURES) -> list[Article]:
    """So many articles, the copies included; the same on every run. Drawn by all processors at once."""
    copies = _copies(count)
    made = list(_assortment(count - len(copies)))
    with _drawers() as drawers:
        pictures = drawers.map(_drawn, made, range(SEED, SEED + len(made)), chunksize=8)
        articles = [_article(*one) for one in zip(made, pictures, range(len(made)), strict=True)]
    return articles + [_copy(articles[number], number, is_exact) for number, is_exact in copies]


def write_catalogue(folder: Path, articles: Sequence[Article]) -> Path:
    """A table as shops have them: a row for each article, with the path of its picture."""
    (folder / "pictures").mkdir(parents=True, exist_ok=True)
    table = folder / "catalogue.csv"
    with table.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(("id", "title", "kind", "colour", "pattern", "material", "price", "picture"))
        for number, article in enumerate(articles):
            name = f"pictures/{number:03}.jpg"
            (folder / name).write_bytes(article.jpeg)
            product = article.product
            facts = (product.kind, product.colour, product.pattern, article.material, article.price)
            rows.writerow((number, article.title, *facts, name))
    return table


def picture_question() -> Question:
    """A backpack that is not in stock, in another pose and before another background."""
    seen = Product("backpack", "yellow", "plain", "textured")
    return Question(seen.kind, seen.colour, picture=draw(seen, SIZE_PX, SEED - 1))


def _assortment(count: int) -> Iterator[Product]:
    wanted = [Product(kind, colour, *look) for kind, colour in WANTED for look in LOOKS]
    yield from wanted
    others = (p for p in products(count * 4, SEED) if (p.kind, p.colour) not in WANTED)
    for _ in range(count - len(wanted)):
        yield next(others)


@contextmanager
def _drawers() -> Iterator[Executor]:
    """Processes of their own, which an interrupted demo does not wait for."""
    drawers = ProcessPoolExecutor(os.cpu_count(), get_context("spawn"), _leave_signals_to_the_demo)
    try:
        yield drawers
    finally:
        drawers.shutdown(cancel_futures=True)


def _leave_signals_to_the_demo() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _drawn(product: Product, seed: int) -> bytes:
    """As the shop's file: less to hand from one process to another than its pixels."""
    return _jpeg(draw(product, SIZE_PX, seed))


def _article(product: Product, jpeg: bytes, number: int) -> Article:
    rng = np.random.default_rng((SEED, number))
    materials, usual = GOODS[product.kind]
    price = round(usual * float(rng.uniform(0.6, 1.6)), 2)
    return Article(product, _read(jpeg), jpeg, str(rng.choice(materials)), price)


def _copies(count: int) -> list[tuple[int, bool]]:
    """Which articles are there twice, and whether by the same file; none of those that visitors ask for."""
    first = len(WANTED) * len(LOOKS)
    exact = [(number, True) for number in range(first, count, EXACT_EVERY)]
    near = [(number, False) for number in range(first + EXACT_EVERY // 2, count, NEAR_EVERY)]
    found = sorted(exact + near)
    originals = count - len(found)
    return [one for one in found if one[0] < originals]


def _copy(article: Article, number: int, is_exact: bool) -> Article:
    if is_exact:
        return replace(article, copy_of=number)
    side = SIZE_PX - TRIM_PX
    jpeg = _jpeg(article.picture.crop((TRIM_PX, TRIM_PX, side, side)), quality=60)
    return replace(article, picture=_read(jpeg), jpeg=jpeg, copy_of=number)


def _jpeg(picture: Image.Image, quality: int = QUALITY) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def _read(jpeg: bytes) -> Image.Image:
    with Image.open(io.BytesIO(jpeg)) as picture:
        return picture.convert("RGB")
