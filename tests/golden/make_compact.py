"""Copies a folder of reference outputs into this one, less what can be shared. Run once, kept for the record.

Usage: python tests/golden/make_compact.py REFERENCE_FOLDER
Four of the five models were given the same pixels: they are kept once. Of the pictures two rows are kept,
of the 518 px ones one, as float16, which loses nothing there.
"""

import shutil
import sys
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file, save_file

HERE = Path(__file__).parent
ROWS = 2
PIXELS = {"clip": "pixels_a", "clip_gelu": "pixels_a", "siglip": "pixels_a", "dinov2": "pixels_a"}


def main(reference: Path) -> None:
    (HERE / "inputs").mkdir(exist_ok=True)
    for folder in ("clip", "clip_gelu", "siglip", "siglip_open_clip", "dinov2"):
        (HERE / folder).mkdir(exist_ok=True)
        for path in (reference / folder).iterdir():
            if path.name == "io.safetensors":
                compact(folder, load_file(path))
            else:
                shutil.copyfile(path, HERE / folder / path.name)


def compact(folder: str, tensors: dict[str, np.ndarray]) -> None:
    pixels = PIXELS.get(folder, "pixels_b")
    save_file({"pixel_values": tensors.pop("pixel_values")[:ROWS]}, HERE / "inputs" / f"{pixels}.safetensors")
    if "pixel_values_518" in tensors:
        exact = tensors.pop("pixel_values_518")[:1]
        half = exact.astype(np.float16)
        assert (half == exact).all()
        save_file({"pixel_values": half}, HERE / "inputs" / "pixels_518.safetensors")
        tensors["image_embeds_518"] = tensors["image_embeds_518"][:1]
        tensors.pop("cls")
    kept = {
        name: value if "text" in name or "ids" in name else value[:ROWS] for name, value in tensors.items()
    }
    save_file(
        {name: np.ascontiguousarray(value) for name, value in kept.items()}, HERE / folder / "io.safetensors"
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
