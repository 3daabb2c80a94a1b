"""What a picture of the page shows, and where on its map points must be. Does not know how they are drawn."""

import io
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import FloatRect, Locator, Page, expect

from tests.page.mapping import MadeUp, inside

LEGEND_PX, BUTTONS_PX, MARGIN_PX = 232, 62, 28  # what stands over a wide map, and around it
MOST_PICTURES, SMALLEST_PX = 400, 34  # points that are shown as their pictures, and how small those may be
COLOURFUL = 40  # of 255: between the strongest and the weakest of red, green and blue

LOADED = """() => {
    const grid = document.querySelector(".grid");
    const isEmpty = grid !== null && grid.querySelector("img") === null;
    return !isEmpty && [...document.images].every((one) => one.complete && one.naturalWidth > 0);
}"""

Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class Sight:
    """A map that is shown whole, on a wide page."""

    page: Page
    box: FloatRect
    made: MadeUp

    def pixels(self) -> Pixels:
        """(height, width, 3), of the part that neither legend nor buttons cover."""
        clip: FloatRect = {
            "x": self.box["x"] + LEGEND_PX,
            "y": self.box["y"],
            "width": self.box["width"] - LEGEND_PX - BUTTONS_PX,
            "height": self.box["height"] - 60,
        }
        shot = self.page.screenshot(clip=clip)
        return np.asarray(Image.open(io.BytesIO(shot)).convert("RGB"))

    def colours(self) -> int:
        """How many pixels are of a colour, and not grey or black or white."""
        pixels = self.pixels().astype(int)
        return int((pixels.max(2) - pixels.min(2) > COLOURFUL).sum())

    def places(self) -> NDArray[np.float64]:
        """(N, 2), where each point is on the page: as large as fits between legend and buttons."""
        low, high = self.made.places.min(0), self.made.places.max(0)
        room = (self.box["width"] - LEGEND_PX - BUTTONS_PX, self.box["height"] - 2 * MARGIN_PX)
        around = self.picture_px()
        scale = min((room[0] - around) / (high[0] - low[0]), (room[1] - around) / (high[1] - low[1]))
        middle = (self.box["x"] + LEGEND_PX + room[0] / 2, self.box["y"] + self.box["height"] / 2)
        away = (self.made.places - (low + high) / 2) * scale
        return np.stack([middle[0] + away[:, 0], middle[1] - away[:, 1]], 1)

    def picture_px(self) -> float:
        """How large pictures are that stand for the points; 0: there are too many points for that."""
        if self.made.count > MOST_PICTURES:
            return 0.0
        mean = 0.55 * math.sqrt(self.box["width"] * self.box["height"] / self.made.count)
        steps = max(math.floor(math.log(mean / SMALLEST_PX, 1.25)), 0)
        return float(min(SMALLEST_PX * 1.25**steps, 84))

    def place(self, row: int) -> tuple[float, float]:
        x, y = self.places()[row].tolist()
        return x, y

    def lasso(self, *corners: tuple[float, float], key: str | None = None) -> None:
        """Drawn with the mouse, from shares of the free part of the map."""
        path = [self.at(*corner) for corner in corners]
        if key is not None:
            self.page.keyboard.down(key)
        self.page.mouse.move(*path[0])
        self.page.mouse.down()
        for place in path[1:]:
            self.page.mouse.move(*place, steps=4 if len(path) < 20 else 1)  # each takes some 20 ms
        self.page.mouse.up()
        if key is not None:
            self.page.keyboard.up(key)

    def at(self, across: float, down: float) -> tuple[float, float]:
        free = self.box["width"] - LEGEND_PX - BUTTONS_PX
        return self.box["x"] + LEGEND_PX + across * free, self.box["y"] + down * self.box["height"]

    def caught(self, *corners: tuple[float, float]) -> NDArray[np.bool_]:
        xs, ys = self.places().T
        return inside([list(self.at(*corner)) for corner in corners], xs, ys)

    def select(self, count: int, tolerance: int = 0) -> int:
        """Waits until the page says that so many are selected; says what it says."""
        told = self.page.locator(".map-selected strong")
        expect(told).to_be_visible()
        self.page.wait_for_function(
            "([low, high]) => { const n = Number(document.querySelector('.map-selected strong')"
            "?.textContent.replaceAll(',', '')); return n >= low && n <= high; }",
            arg=[count - tolerance, count + tolerance],
        )
        return int((told.text_content() or "").replace(",", ""))


def sight(page: Page, made: MadeUp, address: str) -> Sight:
    """Opens the map and waits until it is drawn."""
    made.serve(page)
    page.goto(address)
    stage = drawn(page)
    box = stage.bounding_box()
    assert box is not None
    return Sight(page, box, made)


def drawn(page: Page) -> Locator:
    stage = page.locator(".map-stage[aria-busy=false]")
    expect(stage).to_be_visible()
    rested(page)
    return stage


def rested(page: Page) -> None:
    """Two frames later, what was asked to be drawn is drawn."""
    page.evaluate("() => new Promise((go) => requestAnimationFrame(() => requestAnimationFrame(go)))")


def settings(page: Page) -> dict[str, Any]:
    found: dict[str, Any] = page.evaluate("() => Object.fromEntries(new URLSearchParams(location.search))")
    return found


def photograph(page: Page, path: Path, quality: int | None = None) -> None:
    """For people: once all pictures are there, and not grey boxes in their place. quality: of a JPEG."""
    page.wait_for_function(LOADED)
    rested(page)
    page.screenshot(path=path, quality=quality)
