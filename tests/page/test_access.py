"""Whether all can use the page: by keyboard, on narrow screens, by light and dark. Does not know what for."""

from pathlib import Path
from typing import Literal, get_args

import pytest
from playwright.sync_api import Page, expect

from tests.page.conftest import SHOP
from tests.page.looking import photograph

AXE = Path(__file__).parents[2] / "ui/node_modules/axe-core/axe.min.js"
CHECK = "async () => (await axe.run()).violations.map((one) => [one.impact, one.id, one.nodes[0].html])"
Colours = Literal["light", "dark"]
COLOURS: tuple[Colours, ...] = get_args(Colours)
ADDRESSES = {
    "collections": "/?view=pictures",
    "pictures": f"/?collection={SHOP}",
    "hits": f'/?collection={SHOP}&text=shoes&where=["colour","eq","black"]',
    "duplicates": f"/?collection={SHOP}&view=duplicates&threshold=0.9",
    "about": f"/?collection={SHOP}&view=about",
    "map": f"/?collection={SHOP}&view=map",
}


def settled(page: Page) -> None:
    page.wait_for_load_state("networkidle")


def violations(page: Page) -> list[object]:
    """The serious ones and worse."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    return [one for one in page.evaluate(CHECK) if one[0] in ("serious", "critical")]


@pytest.mark.parametrize("view", ADDRESSES)
def test_no_view_shuts_anybody_out(page: Page, view: str, screens: Path) -> None:
    page.goto(ADDRESSES[view])
    settled(page)
    for colours in COLOURS:
        page.emulate_media(color_scheme=colours)
        photograph(page, screens / f"{view}-{colours}.png")
        assert violations(page) == [], colours


@pytest.mark.parametrize("colours", COLOURS)
def test_what_lies_above_the_views_shuts_nobody_out(page: Page, colours: Colours) -> None:
    page.emulate_media(color_scheme=colours)
    page.goto(f"/?collection={SHOP}&text=a+red+dress")
    for opening in ("Add a filter", "Save the whole collection", "Add pictures", "Copy as curl"):
        page.get_by_role("button", name=opening).click()
        assert violations(page) == [], opening
        page.keyboard.press("Escape")
    page.get_by_role("button", name="Jobs").click()
    assert violations(page) == [], "jobs"
    page.get_by_role("button", name="Close the jobs").click()
    page.locator("[data-index='0']").click()
    settled(page)
    assert violations(page) == [], "large"


@pytest.mark.parametrize("view", ADDRESSES)
def test_a_narrow_screen_needs_no_scrolling_sideways(page: Page, view: str, screens: Path) -> None:
    page.set_viewport_size({"width": 400, "height": 780})
    page.goto(ADDRESSES[view])
    settled(page)
    photograph(page, screens / f"{view}-narrow.png")
    assert page.evaluate("document.documentElement.scrollWidth") <= 400
    outside = page.evaluate(
        "[...document.querySelectorAll('button, a, input:not(.unseen), select')].filter((one) => {"
        "const box = one.getBoundingClientRect();"
        "return box.width > 2 && (box.right > 401 || box.left < -1)})"
        ".map((one) => one.outerHTML)"
    )
    assert [one for one in outside if "skip" not in one] == []


def test_the_large_picture_fits_a_narrow_screen(page: Page, screens: Path) -> None:
    page.set_viewport_size({"width": 400, "height": 780})
    page.goto(f"/?collection={SHOP}&text=a+red+dress")
    page.locator("[data-index='0']").click()
    settled(page)
    photograph(page, screens / "large-narrow.png")
    assert page.get_by_role("dialog", name="Picture").evaluate("(box) => box.scrollWidth") <= 400


def test_the_slash_leads_to_the_search_and_the_first_tab_past_the_bar(page: Page) -> None:
    page.goto(f"/?collection={SHOP}")
    expect(page.locator(".cell").first).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="To the pictures")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.type("red/blue")
    expect(page.get_by_role("searchbox")).to_have_value("red/blue")


def test_dark_is_what_the_system_has_until_another_is_chosen(page: Page) -> None:
    paper = "getComputedStyle(document.body).backgroundColor"
    page.emulate_media(color_scheme="dark")
    page.goto(f"/?collection={SHOP}")
    dark = page.evaluate(paper)
    page.get_by_role("button", name="Use light colours").click()
    light = page.evaluate(paper)
    assert dark != light
    page.reload()
    assert page.evaluate(paper) == light
    page.get_by_role("button", name="Use dark colours").click()
    assert page.evaluate(paper) == dark
    page.emulate_media(color_scheme="light")
    expect(page.get_by_role("button", name="Use dark colours")).to_be_visible()


def test_counts_are_announced(page: Page) -> None:
    page.goto(f"/?collection={SHOP}")
    told = page.get_by_role("status").filter(has_text="60 pictures")
    expect(told).to_be_visible()
