"""The map: drawn, coloured, selected from, brought back by its address. Does not know how maps are made."""

import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, Route, expect

from tests.page.conftest import ARGUMENTS, SHOP, WIDE, chromium
from tests.page.looking import Sight, drawn, photograph, rested, settings, sight
from tests.page.mapping import NAMES, MadeUp
from tests.page.test_access import COLOURS, Colours, violations
from tests.page.watching import Watch
from tests.waiting import wait_until

MAP = f"/?collection={SHOP}&view=map"
KITE = ((0.1, 0.2), (0.7, 0.1), (0.6, 0.5), (0.9, 0.8), (0.2, 0.6))
LOSE = """() => {
    const canvas = document.querySelector(".map-stage canvas");
    window.losing = canvas.getContext("webgl2").getExtension("WEBGL_lose_context");
    losing.loseContext();
}"""
CORNER = ((0.5, 0.5), (0.95, 0.5), (0.95, 0.95), (0.5, 0.95))


@pytest.fixture(scope="session")
def shop_ids(server: str) -> list[str]:
    return [
        one["id"] for one in httpx.get(f"{server}/v1/collections/{SHOP}/items?limit=1000").json()["items"]
    ]


@pytest.fixture
def made_up(shop_ids: list[str]) -> Callable[[int], MadeUp]:
    thumbnails = [f"/v1/collections/{SHOP}/thumbnails/{one}" for one in shop_ids]
    return lambda count: MadeUp(shop_ids[:count], thumbnails, count)


@pytest.fixture
def map_of(page: Page, made_up: Callable[[int], MadeUp]) -> Sight:
    return sight(page, made_up(2_000), MAP)


def test_the_map_is_drawn_with_a_legend_and_names(map_of: Sight, screens: Path) -> None:
    assert map_of.colours() > 5_000
    expect(map_of.page.locator(".map-key li")).to_have_count(len(NAMES) + 1)
    expect(map_of.page.get_by_text("Drawn without WebGL")).to_have_count(0)
    photograph(map_of.page, screens / "map.png")


def test_points_are_drawn_where_they_lie(map_of: Sight) -> None:
    map_of.page.get_by_role("button", name="Names of clusters").click()
    rested(map_of.page)
    pixels = map_of.pixels().astype(int)
    xs, ys = map_of.places()[map_of.made.clusters != 255].T
    left, top = map_of.at(0, 0)
    columns, rows = np.rint(xs - left).astype(int), np.rint(ys - top).astype(int)
    seen = (columns >= 0) & (columns < pixels.shape[1]) & (rows >= 0) & (rows < pixels.shape[0])
    at = pixels[rows[seen], columns[seen]]
    assert seen.mean() > 0.95
    assert (at.max(1) - at.min(1) > 40).mean() > 0.99


def test_a_lasso_selects_what_lies_in_it(map_of: Sight, screens: Path) -> None:
    map_of.page.get_by_role("button", name="Lasso").click()
    map_of.lasso(*KITE)
    expected = int(map_of.caught(*KITE).sum())
    shown = map_of.select(expected, tolerance=expected // 100)
    assert shown == map_of.made.within(map_of.made.asked[-1]).sum()
    expect(map_of.page.locator(".pictures .count")).to_have_text(f"{shown:,} pictures selected")
    assert settings(map_of.page)["lasso"].startswith("a")
    photograph(map_of.page, screens / "map-lasso.png")


def test_what_is_not_selected_is_grey_and_still_there(map_of: Sight) -> None:
    before = map_of.colours()
    map_of.lasso(*CORNER, key="Shift")
    map_of.select(int(map_of.caught(*CORNER).sum()), tolerance=20)
    rested(map_of.page)
    assert map_of.colours() < before / 2
    pixels = map_of.pixels().astype(int)
    background = np.median(pixels.reshape(-1, 3), axis=0)
    assert (np.abs(pixels - background).max(2) > 12).sum() > before / 2


def test_shift_adds_alt_takes_away_and_escape_clears(map_of: Sight) -> None:
    map_of.lasso(*KITE, key="Shift")
    first = map_of.caught(*KITE)
    map_of.select(int(first.sum()), tolerance=20)
    map_of.lasso(*CORNER, key="Shift")
    second = first | map_of.caught(*CORNER)
    map_of.select(int(second.sum()), tolerance=30)
    hole = ((0.3, 0.3), (0.8, 0.3), (0.8, 0.7), (0.3, 0.7))
    map_of.lasso(*hole, key="Alt")
    map_of.select(int((second & ~map_of.caught(*hole)).sum()), tolerance=30)
    assert [one["op"] for one in map_of.made.asked[-1]["lasso"]] == ["add", "add", "subtract"]
    map_of.page.keyboard.press("Escape")
    expect(map_of.page.locator(".map-selected")).to_have_count(0)
    assert "lasso" not in settings(map_of.page)


def test_back_takes_a_lasso_away(map_of: Sight) -> None:
    map_of.lasso(*KITE, key="Shift")
    map_of.select(int(map_of.caught(*KITE).sum()), tolerance=20)
    map_of.page.go_back()
    expect(map_of.page.locator(".map-selected")).to_have_count(0)


def test_a_lasso_has_few_corners_however_long_it_is(map_of: Sight) -> None:
    turns = np.linspace(0, 2 * np.pi, 90)
    path = [
        (0.5 + (0.3 + 0.1 * np.sin(40 * t)) * np.cos(t), 0.5 + (0.3 + 0.1 * np.sin(40 * t)) * np.sin(t))
        for t in turns
    ]
    map_of.lasso(*path, key="Shift")
    map_of.select(int(map_of.caught(*path).sum()), tolerance=40)
    assert len(map_of.made.asked[-1]["lasso"][0]["polygon"]) <= 200


def test_an_unfinished_lasso_is_left_by_escape(map_of: Sight) -> None:
    page = map_of.page
    page.get_by_role("button", name="Lasso").click()
    page.mouse.move(*map_of.at(0.2, 0.2))
    page.mouse.down()
    page.mouse.move(*map_of.at(0.8, 0.8), steps=4)
    page.keyboard.press("Escape")
    page.mouse.up()
    rested(page)
    assert map_of.made.asked == []


def test_all_that_is_seen_is_selected_without_a_mouse(map_of: Sight) -> None:
    map_of.page.get_by_role("button", name="Select all that is seen").press("Enter")
    map_of.select(2_000)


def test_metadata_colours_the_map_and_its_legend(map_of: Sight, screens: Path) -> None:
    before = map_of.pixels()
    map_of.page.get_by_label("Colour by").select_option("material")
    expect(map_of.page.locator(".map-key-name")).to_have_text(["cotton", "leather", "ceramic", "steel"])
    rested(map_of.page)
    kinds = map_of.pixels()
    assert (before != kinds).any(2).sum() > 1_000
    map_of.page.get_by_label("Colour by").select_option("price")
    expect(map_of.page.locator(".map-ramp-bar")).to_be_visible()
    rested(map_of.page)
    assert (map_of.pixels() != kinds).any(2).sum() > 1_000
    assert settings(map_of.page)["colour"] == "price"
    photograph(map_of.page, screens / "map-price.png")


def test_a_click_in_the_legend_isolates_and_shift_adds(map_of: Sight) -> None:
    page, made = map_of.page, map_of.made
    page.get_by_role("button", name="mugs").click()
    mugs = int((made.clusters == NAMES.index("mugs")).sum())
    map_of.select(mugs)
    page.get_by_role("button", name="lamps").click(modifiers=["Shift"])
    map_of.select(mugs + int((made.clusters == NAMES.index("lamps")).sum()))
    assert settings(page)["clusters"] == f"{NAMES.index('mugs')}.{NAMES.index('lamps')}"
    page.get_by_role("button", name="mugs").click()
    page.get_by_role("button", name="mugs").click()
    expect(page.locator(".map-selected")).to_have_count(0)


def test_a_value_that_is_isolated_is_a_filter(map_of: Sight) -> None:
    map_of.page.get_by_label("Colour by").select_option("material")
    map_of.page.locator(".map-key button", has_text="steel").click()
    map_of.select(int((map_of.made.materials == 3).sum()))
    assert settings(map_of.page)["where"] == '["material","eq","steel"]'


def test_the_address_brings_back_the_view_and_the_lasso(map_of: Sight) -> None:
    page = map_of.page
    page.mouse.move(*map_of.at(0.4, 0.4))
    page.mouse.wheel(0, -400)
    map_of.lasso((0.2, 0.2), (0.8, 0.2), (0.5, 0.8), key="Shift")
    expect(page.locator(".map-selected strong")).to_be_visible()
    page.wait_for_function("() => location.search.includes('at=')")
    page.mouse.move(5, 5)
    shown, address = page.locator(".map-selected").inner_text(), page.url
    page.wait_for_timeout(500)  # pictures, where there is room for them
    before = map_of.pixels()
    page.reload()
    drawn(page)
    expect(page.locator(".map-selected")).to_have_text(shown.replace("\n", " "), use_inner_text=True)
    assert page.url == address
    wait_until(lambda: (np.abs(map_of.pixels().astype(int) - before).max(2) > 60).mean() < 0.002)


def test_keys_move_and_zoom(map_of: Sight) -> None:
    page = map_of.page
    page.locator(".map-stage").focus()
    page.keyboard.press("+")
    page.keyboard.press("ArrowRight")
    page.wait_for_function("() => location.search.includes('at=')")
    page.keyboard.press("0")
    page.wait_for_function("() => !location.search.includes('at=')")


def test_dragging_moves_the_map_and_a_double_click_brings_it_back(map_of: Sight) -> None:
    page = map_of.page
    page.mouse.move(*map_of.at(0.02, 0.98))
    page.mouse.down()
    page.mouse.move(*map_of.at(0.2, 0.8), steps=5)
    page.mouse.up()
    page.wait_for_function("() => location.search.includes('at=')")
    page.mouse.dblclick(*map_of.at(0.02, 0.98))
    page.wait_for_function("() => !location.search.includes('at=')")


def test_a_point_tells_what_it_is_and_a_click_shows_it_large(map_of: Sight, screens: Path) -> None:
    page = map_of.page
    row = int(np.argmin(((map_of.places() - map_of.at(0.5, 0.5)) ** 2).sum(1)))
    page.mouse.move(*map_of.place(row))
    expect(page.locator(".map-card img")).to_be_visible()
    photograph(page, screens / "map-preview.png")
    page.mouse.move(*map_of.at(0.01, 0.99))
    expect(page.locator(".map-card")).to_have_count(0)


def test_a_click_shows_the_picture_large(page: Page, made_up: Callable[[int], MadeUp]) -> None:
    few = sight(page, made_up(60), MAP)
    few.page.mouse.click(*few.place(0))
    few.page.wait_for_function("() => location.search.includes('item=')")
    assert settings(few.page)["item"] in few.made.ids


def test_few_points_are_their_pictures(page: Page, made_up: Callable[[int], MadeUp], screens: Path) -> None:
    held: list[Route] = []
    page.route("**/thumbnails/**", lambda route: held.append(route))
    few = sight(page, made_up(60), MAP)
    page.wait_for_timeout(300)
    flat = few.colours()
    page.unroute("**/thumbnails/**")
    for route in held:
        route.continue_()
    wait_until(lambda: few.colours() > 2 * flat)
    photograph(page, screens / "map-pictures.png")


def test_hits_are_ringed_and_point_at_each_other(
    page: Page, made_up: Callable[[int], MadeUp], screens: Path
) -> None:
    few = sight(page, made_up(2_000), f"{MAP}&text=a+red+dress&colour=score")
    first = page.locator(".grid .card").first
    expect(first).to_be_visible()
    expect(page.locator(".map-ramp")).to_contain_text("score")
    page.wait_for_timeout(300)
    photograph(page, screens / "map-hits.png")
    before = few.pixels()
    first.hover()
    rested(page)
    assert (few.pixels() != before).any()
    top = httpx.post(
        f"{few.page.url.split('/?')[0]}/v1/collections/{SHOP}/search",
        json={"query": [{"text": "a red dress"}], "k": 1},
    )
    row = few.made.ids.index(top.json()["hits"][0]["id"])
    page.mouse.move(*few.place(row))
    expect(page.locator(".grid .card.is-pointed")).to_have_count(1)


def test_a_map_that_changes_is_fetched_anew_and_the_view_stays(map_of: Sight, watch: Watch) -> None:
    watch.tolerated.append("409")
    page, made = map_of.page, map_of.made
    page.mouse.move(*map_of.at(0.5, 0.5))
    page.mouse.wheel(0, -300)
    page.wait_for_function("() => location.search.includes('at=')")
    where = settings(page)["at"]
    made.version = "1-2-2"
    made.count, made.places, made.clusters = 1_000, made.places[:1_000], made.clusters[:1_000]
    page.get_by_role("button", name="mugs").click()
    map_of.select(int((made.clusters == NAMES.index("mugs")).sum()))
    expect(page.locator(".map-stage")).to_have_accessible_name(
        "Map of 1,000 pictures. Arrows move, plus and minus zoom, 0 shows all of it."
    )
    assert settings(page)["at"] == where


def test_where_there_is_no_map_one_can_be_drawn(
    page: Page, made_up: Callable[[int], MadeUp], screens: Path
) -> None:
    made = made_up(500)
    made.state = "none"
    made.serve(page)
    page.goto(MAP)
    page.get_by_text("Options").click()
    page.get_by_label("Drawn by").select_option("pca")
    page.get_by_label("Words that clusters").fill("dress, mug\nshoe")
    photograph(page, screens / "map-none.png")
    page.get_by_role("button", name="Draw the map").click()
    expect(page.get_by_role("progressbar")).to_be_visible()
    assert made.orders == [{"algorithm": "pca", "vocabulary": ["dress", "mug", "shoe"]}]
    made.state = "ready"
    drawn(page)


def test_a_lost_context_is_restored(map_of: Sight) -> None:
    page = map_of.page
    page.evaluate(LOSE)
    page.wait_for_timeout(200)
    page.evaluate("() => losing.restoreContext()")
    wait_until(lambda: map_of.colours() > 5_000)


def test_the_narrow_map_has_room(page: Page, made_up: Callable[[int], MadeUp], screens: Path) -> None:
    page.set_viewport_size({"width": 400, "height": 800})
    narrow = sight(page, made_up(2_000), MAP)
    assert narrow.box["width"] <= 400
    assert narrow.box["height"] >= 250
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 400
    photograph(page, screens / "map-narrow.png")


@pytest.mark.parametrize("colours", COLOURS)
def test_the_map_shuts_nobody_out(page: Page, made_up: Callable[[int], MadeUp], colours: Colours) -> None:
    page.emulate_media(color_scheme=colours)
    shown = sight(page, made_up(2_000), MAP)
    page.get_by_role("button", name="Lasso").click()
    shown.lasso(*KITE)
    expect(page.locator(".map-selected strong")).to_be_visible()
    assert violations(page) == [], "lasso"
    page.get_by_role("button", name="About this map").click()
    assert violations(page) == [], "about"
    shown.made.state = "none"
    page.reload()
    expect(page.get_by_role("button", name="Draw the map")).to_be_visible()
    assert violations(page) == [], "none"


def test_the_dark_map_has_colours_of_its_own(
    page: Page, made_up: Callable[[int], MadeUp], screens: Path
) -> None:
    page.emulate_media(color_scheme="dark")
    dark = sight(page, made_up(2_000), MAP)
    assert dark.colours() > 5_000
    assert np.median(dark.pixels()) < 40
    photograph(page, screens / "map-dark.png")


def test_a_map_is_asked_for_drawn_and_shown(page: Page, server: str, own: str, screens: Path) -> None:
    """Nothing is made up here: from the button to the server's own lasso."""
    with httpx.Client(base_url=server, timeout=30) as client:
        for number in range(30):
            form = {
                "files": {"file": tinted(number)},
                "data": {"uri": f"{number}.png", "id": f"{number}.png"},
            }
            client.post(f"/v1/collections/{own}/items", **form).raise_for_status()
        page.goto(f"/?collection={own}&view=map")
        page.get_by_text("Options").click()
        page.get_by_label("Drawn by").select_option("pca")
        page.get_by_role("button", name="Draw the map").click()
        page.locator(".map-stage[aria-busy=false]").wait_for(timeout=60_000)
        page.get_by_role("button", name="Select all that is seen").click()
        expect(page.locator(".map-selected")).to_contain_text("30 selected")
        expect(page.locator(".pictures .count")).to_have_text("30 pictures selected")
        page.wait_for_timeout(500)
        photograph(page, screens / "map-own.png")
        within = f'{{"lasso": {json.dumps([told_stroke(page)])}}}'
        ids = client.get(f"/v1/collections/{own}/export", params={"format": "ids", "within": within})
        assert len(ids.raise_for_status().text.split()) == 30


def told_stroke(page: Page) -> dict[str, object]:
    """The one in the address."""
    corners = settings(page)["lasso"][1:].split(" ")
    return {"op": "add", "polygon": [[float(one) for one in corner.split(",")] for corner in corners]}


def tinted(number: int) -> bytes:
    """A PNG of a colour of its own."""
    data = io.BytesIO()
    colour = (number * 8 % 256, number * 47 % 256, number * 91 % 256)
    Image.new("RGB", (64, 64), colour).save(data, "PNG")
    return data.getvalue()


@pytest.fixture(scope="module")
def without_webgl(browser: Browser) -> Iterator[Browser]:
    found = browser.browser_type.launch(
        executable_path=chromium(), args=[*ARGUMENTS[:1], *ARGUMENTS[2:], "--disable-3d-apis"]
    )
    yield found
    found.close()


def test_without_webgl_the_map_is_drawn_by_hand_and_says_so(
    without_webgl: Browser, server: str, made_up: Callable[[int], MadeUp], screens: Path
) -> None:
    with without_webgl.new_context(base_url=server, viewport=WIDE, reduced_motion="reduce") as context:
        page = context.new_page()
        watch = Watch(page, server)
        by_hand = sight(page, made_up(2_000), MAP)
        expect(page.get_by_text("Drawn without WebGL")).to_be_visible()
        assert by_hand.colours() > 5_000
        by_hand.lasso(*KITE, key="Shift")
        by_hand.select(int(by_hand.caught(*KITE).sum()), tolerance=20)
        rested(page)
        photograph(page, screens / "map-without-webgl.png")
        watch.require_silence()
