"""Searching from the page: by words, by a picture, by what was found. Does not know how hits are found."""

from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Page, expect

from tests.page.acts import drop, paste
from tests.page.conftest import SHOP
from tests.page.looking import photograph

BLACK_SHOES = f'/?collection={SHOP}&text=shoes&where=["colour","eq","black"]'


def search(page: Page, words: str) -> None:
    page.get_by_role("searchbox").fill(words)
    page.keyboard.press("Enter")


def names(page: Page, count: int = 4) -> list[str]:
    """Of the first hits, once there are some."""
    expect(page.locator(".score").first).to_be_visible()
    return page.locator(".grid .name").all_text_contents()[:count]


def test_words_find_pictures_and_weak_hits_are_dimmed(page: Page, screens: Path) -> None:
    page.goto(f"/?collection={SHOP}")
    search(page, "a red dress")
    assert names(page) == ["red dress"] * 4
    expect(page.get_by_text("weak hits, which do not stand out")).to_be_visible()
    assert page.locator(".is-weak .name").first.text_content() != "red dress"
    photograph(page, screens / "search.png")


def test_the_address_restores_a_search_after_a_reload_and_back(page: Page) -> None:
    page.goto(f"/?collection={SHOP}")
    search(page, "a blue mug")
    expect(page.locator(".score").first).to_be_visible()
    search(page, "a red dress")
    assert names(page)[0] == "red dress"
    page.reload()
    assert page.get_by_role("searchbox").input_value() == "a red dress"
    assert names(page)[0] == "red dress"
    page.go_back()
    expect(page.get_by_role("searchbox")).to_have_value("a blue mug")
    expect(page.locator(".grid .name").first).to_have_text("blue mug")


def test_a_dropped_picture_is_searched_by_and_its_chip_says_that_it_is_not_kept(
    page: Page, shop: Path
) -> None:
    page.goto(f"/?collection={SHOP}")
    drop(page, {"dress.jpg": (shop / "pictures" / "000.jpg").read_bytes()})
    assert names(page)[0] == "red dress"
    chip = page.locator(".chip.part")
    expect(chip).to_have_attribute(
        "title", "A dropped picture is not part of the address: a reload forgets it."
    )
    page.reload()
    expect(chip).to_contain_text("dress.jpg: drop it again")


def test_a_pasted_picture_is_searched_by(page: Page, shop: Path) -> None:
    page.goto(f"/?collection={SHOP}")
    expect(page.locator(".grid .name").first).to_be_visible()
    paste(page, {"image.jpg": (shop / "pictures" / "004.jpg").read_bytes()})
    assert names(page)[0] == "blue mug"


def test_an_uploaded_picture_and_words_are_asked_together(page: Page, shop: Path) -> None:
    page.goto(f"/?collection={SHOP}")
    search(page, "red")
    page.get_by_label("A picture to search by").set_input_files(shop / "pictures" / "000.jpg")
    with page.expect_request(lambda one: '"weight":-' in (one.post_data or "")) as asked:
        page.get_by_role("button", name="More like 000.jpg; turn it round").click()
    parts = asked.value.post_data_json["query"]
    assert parts[0] == {"text": "red"}
    assert parts[1]["image"].startswith("data:image/jpeg;base64,")


def test_more_like_a_hit_becomes_a_part_of_the_search(page: Page) -> None:
    page.goto(f"/?collection={SHOP}&text=a+green+sofa")
    assert names(page)[0] == "green sofa"
    page.locator(".cell").first.hover()
    page.locator(".cell").first.get_by_title("More like this").click()
    expect(page.locator(".chip.part")).to_contain_text("more like")
    assert len(parse_qs(urlsplit(page.url).query)["like"]) == 1
    page.get_by_role("button", name="Search without this picture").click()
    expect(page.locator(".chip.part")).to_have_count(0)


def test_pictures_that_the_browser_has_are_shown_again(page: Page) -> None:
    """What is in its cache comes sooner than the page's own effects."""
    page.goto(f"/?collection={SHOP}&text=a+green+sofa")
    for words, kind in (("a red dress", "dress"), ("a green sofa", "sofa")) * 2:
        search(page, words)
        expect(page.locator(".grid .name").first).to_contain_text(kind)
        expect(page.locator(".cell img:not(.is-loaded)")).to_have_count(0)


def test_a_filter_is_a_chip_that_narrows_and_can_be_taken_off(page: Page, screens: Path) -> None:
    page.goto(f"/?collection={SHOP}&text=shoes")
    expect(page.locator(".score").first).to_be_visible()
    page.get_by_role("button", name="Add a filter").click()
    page.get_by_label("Field").fill("colour")
    page.get_by_label("black", exact=True).check(force=True)
    page.get_by_role("button", name="Add the filter").click()
    expect(page.locator(".filters .chip")).to_have_text("colour is black")
    assert set(names(page)) == {"black shoes"}
    photograph(page, screens / "filter.png")
    page.get_by_role("button", name="Remove the filter: colour is black").click()
    expect(page.locator(".filters .chip")).to_have_count(0)


def test_several_values_and_ranges_are_told_in_words(page: Page) -> None:
    where = ('["colour","in",["red","blue"]]', '["price","range",[null,30]]', '["title","exists",true]')
    page.goto(f"/?collection={SHOP}&" + "&".join(f"where={one}" for one in where))
    expect(page.locator(".filters .chip")).to_have_text(
        ["colour is red or blue", "price up to 30", "title is there"]
    )
    expect(page.get_by_role("status").filter(has_text="pictures of 60")).to_be_visible()


def test_nothing_found_says_why(page: Page) -> None:
    page.goto(f'/?collection={SHOP}&text=shoes&where=["colr","eq","black"]')
    expect(page.get_by_text("No picture passes")).to_be_visible()
    expect(page.get_by_text("colr").nth(1)).to_be_visible()
    page.get_by_role("button", name="Search without the filter").click()
    expect(page.locator(".score").first).to_be_visible()


def test_a_model_that_reads_no_words_is_searched_by_pictures(page: Page, shop: Path) -> None:
    told = {"data": [{"id": "mini", "modalities": ["image"]}]}
    page.route("**/v1/models", lambda route: route.fulfill(json=told))
    page.goto(f"/?collection={SHOP}")
    box = page.get_by_role("searchbox")
    expect(box).to_be_disabled()
    expect(box).to_have_attribute("placeholder", "mini reads no words: search by a picture")
    drop(page, {"dress.jpg": (shop / "pictures" / "000.jpg").read_bytes()})
    assert names(page)[0] == "red dress"


def test_a_search_is_copied_as_curl_and_python(page: Page) -> None:
    page.goto(BLACK_SHOES)
    page.get_by_role("button", name="Copy as curl or Python: this search").click()
    curl = page.get_by_label("The curl command").input_value()
    assert f"/v1/collections/{SHOP}/search" in curl
    assert '{"colour":{"eq":"black"}}' in curl
    python = page.get_by_label("The Python command").input_value()
    assert 'filter={"colour": {"eq": "black"}}' in python
    compile(python, "copied", "exec")
    page.get_by_role("button", name="Copy as curl", exact=True).click()
    expect(page.get_by_role("status").filter(has_text="Copied")).to_be_visible()
