"""A selection of a real map, looked at, searched in, saved, and copied as commands. Knows no layout."""

import json
import os
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.page.conftest import PATIENCE_MS, take_in
from tests.waiting import wait_until

DRAWN = "drawn"


@pytest.fixture(scope="module")
def drawn(server: str, shop: Path) -> str:
    """The collection of the shop again, with a map."""
    take_in(server, DRAWN, shop / "catalogue.csv")
    path = f"{server}/v1/collections/{DRAWN}/map"
    httpx.post(path, json={"algorithm": "pca"}).raise_for_status()
    wait_until(lambda: httpx.get(path).json()["state"] == "ready", 60)
    return path


@pytest.fixture(scope="module")
def half(drawn: str) -> list[list[float]]:
    """A polygon around the left half of the map."""
    x0, y0, x1, y1 = httpx.get(drawn).json()["extent"]
    left, middle, low, high = x0 - 1, (x0 + x1) / 2, y0 - 1, y1 + 1
    return [[round(x, 3), round(y, 3)] for x, y in ((left, low), (middle, low), (middle, high), (left, high))]


def address(polygon: list[list[float]], more: str = "") -> str:
    return f"/?collection={DRAWN}&lasso=a" + "+".join(f"{x},{y}" for x, y in polygon) + more


@pytest.fixture(scope="module")
def inside(drawn: str, half: list[list[float]]) -> set[str]:
    """The ids of what lies in it, by the server."""
    asked = {"select": {"lasso": [{"op": "add", "polygon": half}]}, "limit": 100}
    found = httpx.post(f"{drawn}/items", json=asked).raise_for_status().json()
    assert 5 < len(found["items"]) < 55
    return {one["id"] for one in found["items"]}


def test_a_selection_is_shown_and_saved(
    page: Page, half: list[list[float]], inside: set[str], tmp_path: Path
) -> None:
    page.goto(address(half))
    expect(page.get_by_role("status").filter(has_text=f"{len(inside)} pictures selected")).to_be_visible()
    page.get_by_role("button", name="Save the selection").click()
    with page.expect_download() as sent:
        page.get_by_role("link", name="ids one a line").click()
    sent.value.save_as(tmp_path / "ids.txt")
    assert set((tmp_path / "ids.txt").read_text().split()) == inside
    page.get_by_role("button", name="Clear the selection").click()
    expect(page.get_by_role("status").filter(has_text="60 pictures")).to_be_visible()


def test_a_search_within_a_selection_finds_what_is_in_it_only(
    page: Page, half: list[list[float]], inside: set[str]
) -> None:
    page.goto(address(half, "&text=a+red+dress"))
    expect(page.get_by_role("status").filter(has_text=f"{len(inside)} hits in the selection")).to_be_visible()


def test_copied_commands_do_what_the_page_did(
    page: Page, half: list[list[float]], inside: set[str], tmp_path: Path
) -> None:
    """With the command line's curl, and with the client of this package."""
    page.goto(address(half, '&text=a+dress&where=["colour","in",["red","blue"]]'))
    expect(page.locator(".score").first).to_be_visible()
    page.get_by_role("button", name="Copy as curl or Python: this search").click()
    hits = json.loads(ran(["sh", "-c", page.get_by_label("The curl command").input_value()], tmp_path))[
        "hits"
    ]
    told = ran([sys.executable, "-c", page.get_by_label("The Python command").input_value()], tmp_path)
    assert [line.split()[0] for line in told.splitlines()] == [hit["id"] for hit in hits]
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Save the selection").click()
    page.get_by_role("button", name="Copy as curl or Python: the ids export").click()
    curl, python = (page.get_by_label(f"The {kind} command").input_value() for kind in ("curl", "Python"))
    found = []
    for command in (["sh", "-c", curl], [sys.executable, "-c", python]):
        ran(command, tmp_path)
        file = tmp_path / f"{DRAWN}.txt"
        found.append(set(file.read_text().split()))
        file.unlink()
    assert found[0] == found[1]
    assert found[0]
    assert found[0] < inside


def ran(command: list[str], folder: Path) -> str:
    src = str(Path(__file__).parents[2] / "src")
    done = subprocess.run(
        command,
        cwd=folder,
        env=os.environ | {"PYTHONPATH": src},
        capture_output=True,
        text=True,
        timeout=PATIENCE_MS / 1000,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_map_brings_fields_that_no_seen_item_has(page: Page, drawn: str) -> None:
    page.route("**/items?*", lambda route: route.fulfill(json={"items": [], "next": None}))
    page.goto(f"/?collection={DRAWN}")
    page.get_by_role("button", name="Add a filter").click()
    expect(page.locator("datalist#fields option[value='price']")).to_have_count(1)
    page.get_by_label("Field").fill("price")
    expect(page.get_by_label("Condition")).to_have_value("between")
