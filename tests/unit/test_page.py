"""Who gets the page, and under which rules; without a built one too. Does not know what is on it."""

import asyncio
from pathlib import Path

import pytest
from starlette.exceptions import HTTPException

from sightline.web.page import POLICY, get_asset, is_of_page, page


def scope(path: str, method: str = "GET", accept: bytes = b"text/html,*/*") -> dict[str, object]:
    return {"path": path, "method": method, "headers": [(b"accept", accept)]}


@pytest.mark.parametrize("path", ["/", "/ui", "/ui/", "/ui/assets/index-x.js"])
def test_a_browser_gets_the_page_without_a_key(path: str) -> None:
    assert is_of_page(scope(path))


def test_a_name_longer_than_any_files_is_not_there() -> None:
    with pytest.raises(HTTPException):
        asyncio.run(get_asset("a" * 300))


def test_programs_and_all_else_need_the_key() -> None:
    assert not is_of_page(scope("/", accept=b"application/json"))
    assert not is_of_page(scope("/", method="POST"))
    assert not is_of_page(scope("/v1/collections"))
    assert not is_of_page(scope("/docs"))


def test_a_page_that_is_not_built_says_how(tmp_path: Path) -> None:
    told = bytes(page(tmp_path).body).decode()
    assert "make ui" in told
    assert "/docs" in told


def test_a_built_page_is_asked_for_anew_and_runs_no_made_code(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("<!doctype html>")
    headers = page(tmp_path).headers
    assert headers["cache-control"] == "no-cache"
    assert headers["content-security-policy"] == POLICY
    assert "unsafe" not in POLICY
