"""What the page says where something is missing: an answer, a key, a collection. Does not know why it is."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.page.conftest import PATIENCE_MS, QUIET, SHOP, put
from tests.page.watching import Watch
from tests.processes import serving

KEY = "a-key-for-this-test"


def test_a_server_that_is_away_is_tried_again(watch: Watch) -> None:
    watch.tolerated.append("ERR_CONNECTION_REFUSED")
    page = watch.page
    page.goto(f"/?collection={SHOP}")
    expect(page.locator(".cell").first).to_be_visible()
    page.route("**/search", lambda route: route.abort("connectionrefused"))
    page.get_by_role("searchbox").fill("a red dress")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="The server is away")).to_be_visible()
    page.unroute("**/search")
    page.get_by_role("button", name="Try again").click()
    expect(page.locator(".score").first).to_be_visible()


def test_a_collection_that_is_not_there_is_said(watch: Watch) -> None:
    watch.tolerated.append("404")
    watch.page.goto("/?collection=nothing-of-that-name")
    expect(watch.page.get_by_role("alert").first).to_contain_text("nothing-of-that-name")


def test_an_address_of_nonsense_is_read_as_far_as_it_can_be(watch: Watch) -> None:
    where = "&where=[1&where=[%22a%22]&like=7&lasso=zz&lasso=a1,2&clusters=x.y&at=1,b&view=nope&picture=[]"
    watch.page.goto(f"/?collection={SHOP}{where}")
    expect(watch.page.get_by_role("status").filter(has_text="60 pictures")).to_be_visible()


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory, shop: Path) -> Iterator[str]:
    """The address of a server with a key."""
    home = str(tmp_path_factory.mktemp("locked"))
    with serving("mini", SIGHTLINE_HOME=home, SIGHTLINE_API_KEY=KEY, **QUIET) as port:
        url = f"http://127.0.0.1:{port}"
        put(url, "shoes", "mug.png", (shop / "pictures" / "004.jpg").read_bytes(), key=KEY)
        yield url


def test_a_server_with_a_key_asks_for_it_and_shows_pictures_with_it(browser: Browser, locked: str) -> None:
    with browser.new_context(base_url=locked) as context:
        context.set_default_timeout(PATIENCE_MS)
        page = context.new_page()
        watch = Watch(page, locked)
        watch.tolerated.append("401")
        page.goto("/?collection=shoes")
        ask = page.get_by_role("dialog", name="This server asks for a key")
        ask.get_by_label("API key").fill("a wrong one")
        ask.get_by_role("button", name="Go on").click()
        expect(ask.get_by_text("The key was refused")).to_be_visible()
        ask.get_by_label("API key").fill(KEY)
        ask.get_by_role("button", name="Go on").click()
        expect(ask).to_be_hidden()
        expect(page.locator(".cell img.is-loaded")).to_have_count(1)
        page.get_by_role("searchbox").fill("a mug")
        page.keyboard.press("Enter")
        expect(page.locator(".score").first).to_be_visible()
        page.get_by_role("button", name="Save the whole collection").click()
        with page.expect_download() as sent:
            page.get_by_role("link", name="CSV").click()
        assert "mug.png" in Path(sent.value.path()).read_text()
        assert KEY not in page.url
        page.reload()
        expect(page.locator(".cell img.is-loaded")).to_have_count(1)
        page.goto("/?collection=shoes&view=about")
        expect(page.get_by_role("heading", name="shoes")).to_be_visible()
        expect(page.get_by_role("link", name="All requests and answers")).to_have_count(
            0
        )  # it would send no key
        watch.require_silence()
