"""Many tiny pictures, no two alike, quick to draw and decode, in a folder that changes. Knows no library."""

import io
from pathlib import Path

import numpy as np
from PIL import Image

GRAIN_PX, SIDE_PX = 4, 32


def draw(folder: Path, numbers: range) -> None:
    """Pictures of about 1 kB, as `00007.jpg`."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in numbers:
        grains = np.random.default_rng(number).integers(0, 256, (GRAIN_PX, GRAIN_PX, 3), dtype=np.uint8)
        file = io.BytesIO()
        Image.fromarray(grains).resize((SIDE_PX, SIDE_PX), Image.Resampling.BICUBIC).save(file, "JPEG")
        (folder / f"{number:05d}.jpg").write_bytes(file.getvalue())


def change(folder: Path, round_number: int) -> None:
    """Rename some pictures, remove one and add one: another plan, and one forward pass."""
    paths = sorted(folder.iterdir())
    for path in paths[:20]:
        path.rename(path.with_name(f"r{round_number}-{path.name}"))
    paths[-1].unlink()
    new = 1_000_000 + round_number
    draw(folder, range(new, new + 1))
