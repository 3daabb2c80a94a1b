"""Searching from the page: by words, by a picture, by what was found. Does not know how hits are found."""

from pathlib import Path

from playwright.sync_api import Page, expect

from tests.page.conftest import SHOP


def test_words_find_pictures(page: Page, screens: Path) -> None:
    page.goto(f"/?collection={SHOP}")
    page.get_by_role("searchbox").fill("a red dress")
    page.keyboard.press("Enter")
    expect(page.locator(".grid img").first).to_be_visible()
    page.screenshot(path=screens / "search.png")
