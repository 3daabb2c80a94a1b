"""The view of duplicates: groups, rules, copies taken out if it is meant. Knows not how they are found."""

from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.page.conftest import put
from tests.page.looking import photograph


@pytest.fixture
def copies(server: str, own: str, shop: Path) -> str:
    """A collection with two pictures, one of them there three times."""
    dress, mug = ((shop / "pictures" / name).read_bytes() for name in ("000.jpg", "004.jpg"))
    for uri, data in (
        ("a/dress.png", dress),
        ("b/dress.png", dress),
        ("c/dress.png", dress),
        ("mug.png", mug),
    ):
        put(server, own, uri, data)
    return own


def test_copies_are_removed_once_that_is_confirmed(
    page: Page, server: str, copies: str, screens: Path
) -> None:
    page.goto(f"/?collection={copies}&view=duplicates")
    expect(page.get_by_role("status").filter(has_text="1 group, 2 copies more than needed")).to_be_visible()
    expect(page.locator(".member.is-kept")).to_have_count(1)
    expect(page.locator(".group img.is-loaded")).to_have_count(3)
    photograph(page, screens / "duplicates.png")
    page.get_by_role("button", name="Remove all 2 copies").click()
    confirm = page.get_by_role("dialog")
    confirm.get_by_role("button", name="Leave them").click()
    expect(page.locator(".group")).to_have_count(1)
    page.get_by_role("button", name="Remove 2 copies", exact=True).click()
    confirm.get_by_role("button", name="Remove", exact=True).click()
    expect(page.get_by_text("No picture is here twice")).to_be_visible()
    assert httpx.get(f"{server}/v1/collections/{copies}").json()["items"] == 2


def test_threshold_and_rule_are_in_the_address(page: Page, copies: str) -> None:
    page.goto(f"/?collection={copies}&view=duplicates")
    with page.expect_request("**/duplicates?threshold=exact&keep=first_by_path*"):
        page.get_by_label("Pictures that are").select_option("exact")
        page.get_by_label("Keep").select_option("first_by_path")
    expect(page.locator(".member.is-kept + .member .hint").first).to_have_text("same bytes")
    page.reload()
    expect(page.get_by_label("Keep")).to_have_value("first_by_path")
    expect(page.locator(".group")).to_have_count(1)
