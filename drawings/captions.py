"""Words for products: every caption is true of the product, and made from the same four attributes.

Knows no pixels.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product as product_of

from drawings.product import Product

KIND_WORDS: dict[str, tuple[str, ...]] = {
    "t-shirt": ("t-shirt", "tee", "tshirt", "t shirt"),
    "shirt": ("shirt", "button-up shirt", "blouse"),
    "longsleeve": ("longsleeve", "long-sleeved top", "sweater", "pullover"),
    "jacket": ("jacket", "coat", "outwear", "outerwear"),
    "dress": ("dress", "gown"),
    "skirt": ("skirt",),
    "pants": ("pants", "trousers", "jeans"),
    "shorts": ("shorts", "short pants"),
    "hat": ("hat", "cap"),
    "shoes": ("shoes", "sneakers", "pair of shoes", "shoe"),
    "bag": ("bag", "handbag", "purse"),
    "backpack": ("backpack", "rucksack"),
    "watch": ("watch", "wristwatch"),
    "mug": ("mug", "cup", "coffee mug"),
    "bottle": ("bottle", "flask"),
    "vase": ("vase", "flower vase"),
    "chair": ("chair", "seat"),
    "sofa": ("sofa", "couch"),
    "table": ("table", "desk"),
    "lamp": ("lamp", "table lamp"),
}
COLOUR_WORDS: dict[str, tuple[str, ...]] = {
    "turquoise": ("turquoise", "teal"),
    "purple": ("purple", "violet"),
    "grey": ("grey", "gray"),
}
PATTERN_WORDS: dict[str, tuple[str, ...]] = {
    "plain": ("plain", "solid"),
    "striped": ("striped",),
    "checked": ("checked", "plaid", "checkered"),
    "dotted": ("dotted", "polka dot"),
    "floral": ("floral", "flowered"),
}
BACKGROUND_WORDS: dict[str, str] = {
    "white": "on a white background",
    "grey": "on a grey background",
    "gradient": "on a gradient background",
    "room": "in a room",
    "wooden": "on a wooden floor",
    "textured": "on a textured background",
}
FRAMES = (
    "{}",
    "{article} {}",
    "a photo of {article} {}",
    "a picture of {article} {}",
    "a product photo of {article} {}",
)
_PLURALS = frozenset(
    ("pants", "trousers", "jeans", "shorts", "short pants", "shoes", "sneakers", "outwear", "outerwear")
)


@dataclass(frozen=True, slots=True)
class Caption:
    """A sentence and what it says; what it leaves open is None, and fits any product."""

    text: str
    kind: str | None
    colour: str | None
    pattern: str | None
    background: str | None

    def fits(self, product: Product) -> bool:
        said = (self.kind, self.colour, self.pattern, self.background)
        true = (product.kind, product.colour, product.pattern, product.background)
        return all(word is None or word == fact for word, fact in zip(said, true, strict=True))


def _article(phrase: str, noun: str) -> str:
    if noun in _PLURALS:
        return "some"
    return "an" if phrase[0] in "aeiou" else "a"


def _sentences(adjectives: str, noun: str, ending: str) -> list[str]:
    phrase = f"{adjectives} {noun}".strip()
    article = _article(phrase, noun)
    texts = [frame.format(phrase, article=article) for frame in FRAMES]
    if noun in _PLURALS:
        texts.append(f"a pair of {phrase}" if "pants" not in noun else f"a photo of {phrase}")
        texts.append(f"a {phrase}")  # what people type, grammar or not
    return [f"{text} {ending}".strip() for text in texts]


def _adjectives(product: Product) -> list[tuple[str, str | None, str | None]]:
    """What may stand before the noun, with the colour and the pattern that it claims."""
    colours = COLOUR_WORDS.get(product.colour, (product.colour,))
    patterns = PATTERN_WORDS[product.pattern]
    found: list[tuple[str, str | None, str | None]] = [("", None, None)]
    found += [(c, product.colour, None) for c in colours]
    found += [(p, None, product.pattern) for p in patterns]
    for c, p in product_of(colours, patterns):
        found += [
            (f"{p} {c}", product.colour, product.pattern),
            (f"{c} {p}", product.colour, product.pattern),
        ]
    return found


def sayings(product: Product) -> list[Caption]:
    """Every caption of a product, with what each of them says. Always the same list for the same product."""
    endings = (("", None), (BACKGROUND_WORDS[product.background], product.background))
    found: dict[str, Caption] = {}
    for noun, (words, colour, pattern), (ending, background) in product_of(
        KIND_WORDS[product.kind], _adjectives(product), endings
    ):
        for text in _sentences(words, noun, ending):
            found[text] = Caption(text, product.kind, colour, pattern, background)
    return list(found.values())


def captions(product: Product) -> list[str]:
    """Every caption of a product, the shortest and plainest first."""
    return [saying.text for saying in sayings(product)]
