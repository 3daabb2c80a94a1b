"""The grid and the large picture, by mouse and by keyboard. Does not know what was asked."""

import re
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.page.conftest import SHOP
from tests.page.looking import photograph


def current(page: Page) -> str | None:
    found: str | None = page.evaluate("document.activeElement.dataset.index ?? null")
    return found


def test_only_what_is_seen_is_in_the_document(page: Page) -> None:
    page.set_viewport_size({"width": 600, "height": 500})
    page.goto(f"/?collection={SHOP}")
    expect(page.get_by_role("status").filter(has_text="60 pictures")).to_be_visible()
    expect(page.locator(".cell").first).to_be_visible()
    assert page.locator(".cell").count() < 30
    page.locator(".scroll").evaluate("(box) => box.scrollTo(0, box.scrollHeight)")
    expect(page.locator("[data-index='59']")).to_be_visible()
    assert page.locator(".cell").count() < 30


def test_more_come_as_the_grid_is_scrolled(page: Page) -> None:
    """As of 250 items, in pages of a hundred."""
    asked: list[str] = []

    def page_of(route: object, request: object) -> None:
        after = int(request.url.partition("after=")[2].partition("&")[0] or 0)  # type: ignore[attr-defined]
        asked.append(str(after))
        numbers = range(after, min(after + 100, 250))
        items = [{"id": f"{n}", "uri": f"{n}.png", "sha256": "", "metadata": {}} for n in numbers]
        route.fulfill(json={"items": items, "next": f"{after + 100}" if after < 200 else None})  # type: ignore[attr-defined]

    page.route("**/v1/collections/shop/items?*", page_of)
    page.route(
        "**/thumbnails/**", lambda route: route.fulfill(status=200, body=PIXEL, content_type="image/gif")
    )
    page.goto(f"/?collection={SHOP}")
    expect(page.locator("[data-index='0']")).to_be_visible()
    page.wait_for_function(TO_THE_END)
    expect(page.locator("[data-index='249']")).to_be_visible()
    assert asked == ["0", "100", "200"]


TO_THE_END = """() => { const box = document.querySelector(".scroll");
    box.scrollTo(0, box.scrollHeight);
    return document.querySelector("[data-index='249']") !== null; }"""
PIXEL = bytes.fromhex(
    "47494638396101000100800000ffffff00000021f90401000000002c00000000010001000002024401003b"
)


def test_arrows_move_enter_opens_and_escape_comes_back(page: Page) -> None:
    page.goto(f"/?collection={SHOP}&text=a+red+dress")
    page.locator("[data-index='0']").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("[data-index='1']")).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(page.locator("[data-index='7']")).to_be_focused()  # six in a row
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Picture")
    expect(dialog).to_be_visible()
    first = page.url
    page.keyboard.press("ArrowRight")
    expect(page).not_to_have_url(first)
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(page).not_to_have_url(re.compile("item="))


def test_the_end_key_leads_to_the_last_one(page: Page) -> None:
    page.goto(f"/?collection={SHOP}")
    page.locator("[data-index='0']").focus()
    page.keyboard.press("End")
    expect(page.locator("[data-index='59']")).to_be_focused()


def test_an_item_is_shown_large_with_all_that_is_known(page: Page, screens: Path) -> None:
    page.goto(f"/?collection={SHOP}&text=a+red+dress")
    page.locator("[data-index='0']").click()
    dialog = page.get_by_role("dialog", name="Picture")
    expect(dialog.get_by_role("heading", name="red dress")).to_be_visible()
    expect(dialog.locator("dt", has_text="price")).to_be_visible()
    dialog.get_by_text("About the file").click()
    expect(dialog.locator(".file dd").last).to_have_text(re.compile("^[0-9a-f]{64}$"))
    neighbours = dialog.locator(".strip button")
    expect(neighbours).to_have_count(12)
    assert "dress" in (neighbours.first.get_attribute("aria-label") or "")
    expect(dialog.locator(".stage img.is-loaded")).to_be_visible()
    photograph(page, screens / "large.png")
    page.reload()
    expect(dialog.get_by_role("heading", name="red dress")).to_be_visible()
    dialog.get_by_role("button", name="More like this").click()
    expect(dialog).to_be_hidden()
    expect(page.locator(".chip.part")).to_contain_text("more like")


def test_a_value_of_an_item_becomes_a_filter(page: Page) -> None:
    page.goto(f"/?collection={SHOP}&text=a+red+dress")
    page.locator("[data-index='0']").click()
    page.get_by_title("Only where kind is dress").click()
    expect(page.locator(".filters .chip")).to_have_text("kind is dress")
