"""A real server with a shop of drawn pictures, and a real browser. Does not know what is tested.

Every test with a `page` fails where the page asked another origin, wrote an error to the console, or broke
the rules that it is served under.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from demo.shop import stock, write_catalogue
from sightline.web.page import STATIC
from tests.page.watching import Watch
from tests.processes import serving
from tests.waiting import wait_until

SHOP = "shop"
ARGUMENTS = (
    "--disable-gpu",
    "--enable-unsafe-swiftshader",  # WebGL by the processor: there is no graphics card to test with
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--no-first-run",
    "--no-sandbox",  # in containers tests run as root
)
WIDE = {"width": 1280, "height": 800}
SCREENS = Path(__file__).parents[2] / "build" / "screens"
PATIENCE_MS = 10_000
QUIET = {"SIGHTLINE_LOG_LEVEL": "warning"}  # not a line for every picture

expect.set_options(timeout=PATIENCE_MS)  # two windows share a processor with two servers


def chromium() -> str:
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if (found := shutil.which(name)) is not None:
            return found
    pytest.fail("the tests of the page need chromium: `make browser` installs it where it may")


@pytest.fixture
def own(server: str, request: pytest.FixtureRequest) -> str:
    """The name of a new collection, for a test that changes it."""
    name = request.node.name.split("[")[0].removeprefix("test_")[:40].strip("_")
    httpx.post(f"{server}/v1/collections", json={"name": name}).raise_for_status()
    return name


def take_in(url: str, collection: str, source: Path) -> None:
    """Until searches find all of it."""
    with httpx.Client(base_url=url, timeout=30) as client:
        made = client.post(f"/v1/collections/{collection}/ingest", json={"source": str(source)})
        job = made.raise_for_status().json()["id"]
        wait_until(lambda: client.get(f"/v1/jobs/{job}").json()["state"] == "done", 30)
        wait_until(lambda: not client.get(f"/v1/collections/{collection}").json()["store"]["lag"], 30)


def put(url: str, collection: str, uri: str, picture: bytes, *, key: str = "") -> None:
    """One picture, in a collection that is made where it is not there."""
    headers = {"authorization": f"Bearer {key}"} if key else {}
    with httpx.Client(base_url=url, headers=headers, timeout=30) as client:
        client.post("/v1/collections", json={"name": collection})
        form = {"files": {"file": picture}, "data": {"uri": uri, "id": uri}}
        client.post(f"/v1/collections/{collection}/items", **form).raise_for_status()


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with sixty drawn pictures and their table."""
    folder = tmp_path_factory.mktemp("shop")
    write_catalogue(folder, stock(60))
    return folder


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory, shop: Path) -> Iterator[str]:
    """Its address. The collection `shop` is there; tests that change anything make one of their own."""
    if not (STATIC / "index.html").is_file():
        pytest.fail("the tests of the page need it built: `make ui`, with Node 20.19 or newer")
    home = tmp_path_factory.mktemp("home")
    with serving("mini", SIGHTLINE_HOME=str(home), SIGHTLINE_SOURCE_ROOTS=str(shop), **QUIET) as port:
        url = f"http://127.0.0.1:{port}"
        take_in(url, SHOP, shop / "catalogue.csv")
        yield url


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One a file: it keeps an event loop running, and tests of other files could not run their own."""
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
        yield found
        found.close()


@pytest.fixture
def watch(browser: Browser, server: str) -> Iterator[Watch]:
    """Who watches the test's window; for tests that provoke a complaint."""
    context = browser.new_context(
        base_url=server, viewport=WIDE, color_scheme="light", reduced_motion="reduce", accept_downloads=True
    )
    context.set_default_timeout(PATIENCE_MS)
    watch = Watch(context.new_page(), server)
    yield watch
    context.close()
    watch.require_silence()


@pytest.fixture
def page(watch: Watch) -> Page:
    """A window of its own, watched; nothing is opened yet."""
    return watch.page


@pytest.fixture(scope="session")
def screens() -> Path:
    """Where pictures for people go."""
    SCREENS.mkdir(parents=True, exist_ok=True)
    return SCREENS
