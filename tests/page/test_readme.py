"""The two pictures of the README, taken of a real shop with a real map. Does not know what the README says.

`make screens` takes them of six hundred articles; every run of the tests tries the way with a hundred.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect

from demo.shop import stock, write_catalogue
from tests.page.conftest import QUIET, SCREENS, SHOP, take_in
from tests.page.looking import drawn, photograph
from tests.processes import serving
from tests.waiting import wait_until

ARTICLES = int(os.environ.get("SCREENS_OF", "100"))
DRAWING_S = 200  # the first map on a machine waits for UMAP to be compiled
FOLDER = Path(os.environ.get("SCREENS_TO", SCREENS))


pytestmark = pytest.mark.timeout(2 * DRAWING_S)


@pytest.fixture(scope="module")
def mapped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server whose shop has a map drawn by UMAP."""
    place = tmp_path_factory.mktemp("mapped")
    table = write_catalogue(place / "shop", stock(ARTICLES))
    with serving("mini", SIGHTLINE_HOME=str(place), SIGHTLINE_SOURCE_ROOTS=str(place), **QUIET) as port:
        url = f"http://127.0.0.1:{port}"
        take_in(url, SHOP, table)
        job = httpx.post(f"{url}/v1/collections/{SHOP}/map", json={"algorithm": "umap"}).json()["id"]
        wait_until(lambda: httpx.get(f"{url}/v1/jobs/{job}").json()["state"] == "done", DRAWING_S)
        FOLDER.mkdir(parents=True, exist_ok=True)
        yield url


@pytest.fixture
def server(mapped: str) -> str:
    """In place of the server that all others share: what the page asks elsewhere is noted against this."""
    return mapped


def test_a_search_shows_what_the_readme_promises(page: Page) -> None:
    page.goto(f"/?collection={SHOP}&text=a+red+dress")
    expect(page.locator(".grid .name").first).to_have_text("red dress")
    photograph(page, FOLDER / "page-search.jpg", quality=85)


def test_the_map_of_the_same_shop_names_its_clusters(page: Page) -> None:
    page.goto(f"/?collection={SHOP}&view=map")
    drawn(page)
    key = page.get_by_label("Colours: cluster").get_by_role("button")
    expect(key.nth(1)).to_be_visible()
    named = [one for one in key.all_text_contents() if not one.startswith("cluster")]
    assert len(named) > 1
    photograph(page, FOLDER / "page-map.jpg", quality=85)
