"""What a newcomer ran into: pictures that are gone, small windows, quick keys. Does not know the cure."""

from collections import Counter
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.page.acts import drop
from tests.page.conftest import SHOP
from tests.page.looking import drawn, settings, sight
from tests.page.mapping import NAMES, MadeUp
from tests.page.watching import Watch

MAP = f"/?collection={SHOP}&view=map"


@pytest.fixture
def made(server: str) -> MadeUp:
    found = httpx.get(f"{server}/v1/collections/{SHOP}/items?limit=1000").json()["items"]
    ids = [one["id"] for one in found]
    return MadeUp(ids, [f"/v1/collections/{SHOP}/thumbnails/{one}" for one in ids], 2_000)


def counted(page: Page, part: str) -> Counter[str]:
    """How often addresses with this part are asked for, from now on."""
    asked: Counter[str] = Counter()
    page.on("request", lambda one: asked.update([one.url] if part in one.url else []))
    return asked


def test_an_unknown_item_is_asked_for_once_and_said_not_to_be_there(watch: Watch) -> None:
    watch.tolerated.append("404")
    asked = counted(watch.page, "/nope")
    watch.page.goto(f"/?collection={SHOP}&item=nope")
    large = watch.page.get_by_role("dialog", name="Picture")
    expect(large.get_by_text("It is not there.")).to_be_visible()
    expect(large.get_by_role("button", name="More like this")).to_have_count(0)
    watch.page.wait_for_timeout(500)
    assert max(asked.values()) == 1


def test_a_picture_that_is_gone_is_asked_for_once_and_said_to_be_unreadable(
    watch: Watch, made: MadeUp
) -> None:
    watch.tolerated.append("404")
    large = [f"**/{kind}/{made.ids[0]}" for kind in ("pictures", "thumbnails")]
    asked = counted(watch.page, f"s/{made.ids[0]}")
    for address in large:
        watch.page.route(address, lambda route: route.fulfill(status=404))
    watch.page.goto(f"/?collection={SHOP}&item={made.ids[0]}")
    expect(watch.page.get_by_text("The picture cannot be read.")).to_be_visible()
    watch.page.wait_for_timeout(500)
    assert max(asked.values()) == 1


def test_what_is_known_of_a_map_is_scrolled_and_never_the_map(page: Page, made: MadeUp) -> None:
    page.set_viewport_size({"width": 1280, "height": 640})
    sight(page, made, MAP)
    page.get_by_role("button", name="About this map").click()
    page.get_by_text("Options").click()
    page.get_by_role("button", name="Draw", exact=True).scroll_into_view_if_needed()
    sheet = page.locator(".map-tools .sheet").bounding_box()
    assert sheet is not None
    assert 0 <= sheet["y"] <= 640 - sheet["height"]
    assert page.evaluate("() => document.querySelector('.map-panel').scrollTop") == 0
    expect(page.get_by_role("button", name="Draw", exact=True)).to_be_in_viewport()


def test_the_legend_opens_on_a_narrow_page_and_folds_on_a_wide_one(page: Page, made: MadeUp) -> None:
    made.serve(page)
    page.set_viewport_size({"width": 400, "height": 800})
    page.goto(MAP)
    drawn(page)
    mugs = page.get_by_role("button", name="mugs")
    expect(mugs).to_be_hidden()
    page.get_by_text("Colours", exact=True).click()
    expect(mugs).to_be_visible()
    page.set_viewport_size({"width": 1280, "height": 800})
    page.reload()
    expect(mugs).to_be_visible()
    page.get_by_text("Colours", exact=True).click()
    expect(mugs).to_be_hidden()


def test_what_is_in_no_cluster_can_be_shown_alone(page: Page, made: MadeUp) -> None:
    map_of = sight(page, made, MAP)
    page.get_by_role("button", name="in no cluster").click()
    map_of.select(int((made.clusters == 255).sum()))
    assert settings(page)["clusters"] == "255"


def test_quick_keys_lose_no_zoom(page: Page, made: MadeUp) -> None:
    page.emulate_media(reduced_motion="no-preference")
    sight(page, made, MAP)
    page.locator(".map-stage").focus()
    page.evaluate(
        "() => { for (let i = 0; i < 5; i++) document.querySelector('.map-stage')"
        ".dispatchEvent(new KeyboardEvent('keydown', {key: '+', bubbles: true})) }"
    )
    page.wait_for_timeout(900)
    assert float(settings(page)["at"].split(",")[2]) == pytest.approx(1.6**5, rel=0.01)


def test_an_empty_collection_is_empty_and_nothing_was_looked_for(page: Page, own: str) -> None:
    page.goto(f"/?collection={own}")
    expect(page.get_by_role("heading", name="is empty")).to_be_visible()
    expect(page.get_by_text("Nothing found")).to_have_count(0)


def test_a_selection_that_holds_nothing_names_its_conditions(page: Page, made: MadeUp) -> None:
    map_of = sight(page, made, MAP)
    page.get_by_role("button", name="mugs").click()
    map_of.lasso((0.0, 0.0), (0.02, 0.0), (0.02, 0.02), key="Shift")
    expect(page.get_by_text("No picture is in all of these at once")).to_be_visible()
    expect(page.get_by_role("button", name="Clear the cluster mugs")).to_be_visible()
    page.get_by_role("button", name="Clear the lasso").click()
    map_of.select(int((made.clusters == NAMES.index("mugs")).sum()))


def test_pictures_dropped_before_there_is_a_collection_wait_for_one(page: Page, shop: Path) -> None:
    page.goto("/?view=pictures")
    expect(page.get_by_role("heading", name="Collections")).to_be_visible()
    files = {f"{n}.jpg": (shop / "pictures" / f"00{n}.jpg").read_bytes() for n in (1, 2)}
    drop(page, files)
    first = page.get_by_role("dialog", name="Make a collection first")
    first.get_by_label("Name").fill("dropped_first")
    first.get_by_role("button", name="Make it").click()
    expect(page.get_by_text("2 pictures taken in to dropped_first")).to_be_visible()
    expect(page.get_by_text("2 of 2 taken in")).to_be_visible()


def test_an_intake_ends_with_words_when_the_server_goes_away(watch: Watch, own: str, shop: Path) -> None:
    watch.tolerated.append("ERR_CONNECTION_REFUSED")
    page = watch.page
    page.goto(f"/?collection={own}")
    expect(page.get_by_role("heading", name="is empty")).to_be_visible()
    for address in ("**/items", "**/livez"):
        page.route(address, lambda route: route.abort("connectionrefused"))
    drop(page, {f"{n}.jpg": (shop / "pictures" / f"00{n}.jpg").read_bytes() for n in (1, 2)})
    corner = page.get_by_role("complementary", name="Pictures on their way")
    expect(corner.get_by_role("status")).to_have_text("The server is away")
    expect(corner).to_contain_text("0 of 2 taken in")


def test_a_server_that_comes_back_is_found_without_a_click(watch: Watch, made: MadeUp) -> None:
    watch.tolerated.append("ERR_CONNECTION_REFUSED")
    page, lost = watch.page, ("**/map", "**/search", "**/livez")
    made.serve(page)
    for address in lost:
        page.route(address, lambda route: route.abort("connectionrefused"))
    page.goto(f"{MAP}&text=a+red+dress")
    expect(page.locator(".map-panel").get_by_text("The server is away")).to_be_visible()
    expect(page.get_by_role("heading", name="The server is away")).to_be_visible()
    for address in lost:
        page.unroute(address)
    drawn(page)
    expect(page.locator(".score").first).to_be_visible()
