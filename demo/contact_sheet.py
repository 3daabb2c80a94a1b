"""The contact sheet: a row per question, then what it found. Does not know how it was found."""

import textwrap
from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFont

from demo.results import HITS, Answer, Hit

SCALE = 2  # drawn for screens with two pixels per point
THUMB = 168 * SCALE
GAP = 18 * SCALE
MARGIN = 40 * SCALE
LABEL = 212 * SCALE
HEAD = 96 * SCALE
CAPTION = 46 * SCALE
RADIUS = 10 * SCALE
FRAME = 3 * SCALE

PAPER, INK, FAINT = "#f6f5f2", "#1d1d1f", "#8a8a8e"
GOOD, LINE = "#2f9e5b", "#e3e1dc"


def contact_sheet(answers: Sequence[Answer], title: str, note: str) -> Image.Image:
    """One page, RGB: hits that are what was asked for have a green frame."""
    row_height = THUMB + CAPTION + GAP
    width = 2 * MARGIN + LABEL + HITS * (THUMB + GAP) - GAP
    page = Image.new("RGB", (width, HEAD + len(answers) * row_height + MARGIN), PAPER)
    pen = ImageDraw.Draw(page)
    pen.text((MARGIN, MARGIN), title, INK, _font(26))
    pen.text((width - MARGIN, MARGIN + 10 * SCALE), note, FAINT, _font(14), anchor="ra")
    for number, answer in enumerate(answers):
        top = HEAD + number * row_height
        pen.line((MARGIN, top, width - MARGIN, top), LINE, SCALE)
        _draw_row(page, top + GAP, answer)
    return page


def _draw_row(page: Image.Image, top: int, answer: Answer) -> None:
    question = answer.question
    if question.picture is not None:
        _paste(page, question.picture, (MARGIN, top), INK)
        _caption(page, (MARGIN, top + THUMB), "by this picture", "")
    else:
        words = textwrap.fill(question.title, 15)
        middle = (MARGIN, top + THUMB // 2)
        ImageDraw.Draw(page).multiline_text(middle, words, INK, _font(22), anchor="lm", spacing=6 * SCALE)
    for place, hit in enumerate(answer.hits):
        left = MARGIN + LABEL + place * (THUMB + GAP)
        _draw_hit(page, (left, top), hit, is_good=question.is_answered_by(hit.article))


def _draw_hit(page: Image.Image, corner: tuple[int, int], hit: Hit, *, is_good: bool) -> None:
    product = hit.article.product
    _paste(page, hit.article.picture, corner, GOOD if is_good else LINE)
    _caption(page, (corner[0], corner[1] + THUMB), f"{product.colour} {product.kind}", f"{hit.score:.2f}")


def _paste(page: Image.Image, picture: Image.Image, corner: tuple[int, int], frame: str) -> None:
    """The picture as a rounded card with a frame."""
    left, top = corner
    box = (left, top, left + THUMB - 1, top + THUMB - 1)
    mask = Image.new("L", (THUMB, THUMB), 0)
    ImageDraw.Draw(mask).rounded_rectangle((0, 0, THUMB - 1, THUMB - 1), RADIUS, 255)
    page.paste(picture.resize((THUMB, THUMB), Image.Resampling.LANCZOS), corner, mask)
    ImageDraw.Draw(page).rounded_rectangle(box, RADIUS, outline=frame, width=FRAME)


def _caption(page: Image.Image, corner: tuple[int, int], left: str, right: str) -> None:
    pen = ImageDraw.Draw(page)
    x, y = corner[0], corner[1] + 9 * SCALE
    pen.text((x, y), left, INK, _font(14))
    pen.text((x + THUMB, y), right, FAINT, _font(14), anchor="ra")


def _font(points: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(points * SCALE)
