"""Collections: chosen, made, told about; jobs; pictures taken in from here and from the server's disk.

Does not know how any is done.
"""

import io
import zipfile
from pathlib import Path

import httpx
from playwright.sync_api import Page, expect

from tests.page.acts import drop
from tests.page.conftest import SHOP
from tests.page.looking import photograph
from tests.page.watching import Watch


def test_a_collection_is_made_and_filled_by_dropping_pictures(watch: Watch, server: str, shop: Path) -> None:
    page = watch.page
    watch.tolerated.append("415")  # of the file that is no picture
    page.goto("/?view=pictures")
    page.get_by_label("Name").fill("dropped")
    page.get_by_role("button", name="Make it").click()
    expect(page.get_by_text("dropped is empty")).to_be_visible()
    pictures = sorted((shop / "pictures").iterdir())[:3]
    drop(page, {file.name: file.read_bytes() for file in pictures} | {"broken.png": b"no picture"})
    corner = page.get_by_label("Pictures on their way")
    expect(corner.get_by_role("status")).to_have_text("3 pictures taken in to dropped")
    corner.get_by_text("1 file left out").click()
    expect(corner.locator(".failures")).to_contain_text("broken.png")
    expect(page.locator(".cell img.is-loaded")).to_have_count(3)
    assert httpx.get(f"{server}/v1/collections/dropped").json()["items"] == 3


def test_an_archive_is_unpacked_here(page: Page, server: str, own: str, shop: Path) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted((shop / "pictures").iterdir())[:5]:
            archive.write(file, f"summer/{file.name}")
        archive.writestr("summer/notes.txt", "not a picture")
        archive.writestr("__MACOSX/summer/._000.jpg", "nothing")
    page.goto(f"/?collection={own}")
    expect(page.get_by_text(f"{own} is empty")).to_be_visible()
    drop(page, {"holiday.zip": packed.getvalue()})
    corner = page.get_by_label("Pictures on their way")
    expect(corner.get_by_role("status")).to_have_text(f"5 pictures taken in to {own}")
    items = httpx.get(f"{server}/v1/collections/{own}/items").json()["items"]
    assert sorted(one["uri"] for one in items)[0] == "holiday.zip/summer/000.jpg"
    corner.get_by_text("1 file left out").click()
    expect(corner.locator(".failures")).to_contain_text("notes.txt not a picture")


def test_taking_in_can_be_stopped(page: Page, server: str, own: str, shop: Path) -> None:
    page.route("**/items", lambda route: None)  # no answer ever comes
    page.goto(f"/?collection={own}")
    picture = (shop / "pictures" / "000.jpg").read_bytes()
    drop(page, {f"{n}.png": picture for n in range(9)})
    corner = page.get_by_label("Pictures on their way")
    corner.get_by_role("button", name="Stop").click()
    expect(corner.get_by_role("status")).to_have_text("Stopped")
    page.unroute_all(behavior="ignoreErrors")


def test_a_folder_of_the_server_becomes_a_job_in_the_drawer(page: Page, own: str, shop: Path) -> None:
    page.goto(f"/?collection={own}")
    page.get_by_role("button", name="Add pictures").click()
    page.get_by_label("A folder, table or tar file on the server").fill(str(shop / "pictures"))
    page.get_by_role("button", name="Take it in").click()
    job = page.get_by_label("Jobs", exact=True).locator(".job", has_text=own)
    expect(job).to_contain_text("done", timeout=20_000)
    expect(job).to_contain_text("60 pictures")
    page.get_by_role("button", name="Close the jobs").click()
    expect(page.get_by_role("status").filter(has_text="60 pictures")).to_be_visible()


def test_a_path_that_may_not_be_read_is_refused_in_the_servers_words(watch: Watch, own: str) -> None:
    page = watch.page
    watch.tolerated.append("403")
    page.goto(f"/?collection={own}")
    page.get_by_role("button", name="Add pictures").click()
    page.get_by_label("A folder, table or tar file on the server").fill("/etc")
    page.get_by_role("button", name="Take it in").click()
    expect(page.get_by_role("alert")).to_contain_text("SIGHTLINE_SOURCE_ROOTS")


def test_all_collections_are_shown_and_one_is_switched_to(page: Page, own: str, screens: Path) -> None:
    page.goto(f"/?collection={own}")
    page.get_by_role("button", name=f"Collection {own}; choose another").click()
    page.get_by_role("button", name="All collections").click()
    expect(page.locator(".cover", has_text=SHOP).locator("img.is-loaded")).to_have_count(4)
    photograph(page, screens / "collections.png")
    page.locator(".cover", has_text=SHOP).click()
    expect(page.get_by_role("status").filter(has_text="60 pictures")).to_be_visible()


def test_a_collection_tells_what_it_is(page: Page) -> None:
    page.goto(f"/?collection={SHOP}&view=about")
    expect(page.locator("dd", has_text="mini, 128 values a vector")).to_be_visible()
    expect(page.locator(".sources")).to_contain_text("60 pictures")


def test_the_collection_is_saved_as_a_table(page: Page, tmp_path: Path) -> None:
    page.goto(f'/?collection={SHOP}&where=["colour","eq","red"]')
    page.get_by_role("button", name="Save what passes the filter").click()
    with page.expect_download() as sent:
        page.get_by_role("link", name="CSV").click()
    assert sent.value.suggested_filename == f"{SHOP}.csv"
    sent.value.save_as(tmp_path / "shop.csv")
    rows = (tmp_path / "shop.csv").read_text().splitlines()
    assert 4 < len(rows) < 61
