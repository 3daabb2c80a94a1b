"""A JPEG with the grain of a photo: a smooth one would decode too quickly. Does not know who measures it."""

import io

import numpy as np
from PIL import Image

COARSE_PX = 16  # colours change over so many pixels
GRAIN = 6.0  # standard deviation of the noise, of 255: a phone's in good light
QUALITY = 90


def photo(size_px: tuple[int, int], seed: int = 0) -> bytes:
    """A JPEG of (width, height), another for every seed."""
    width, height = size_px
    rng = np.random.default_rng(seed)
    cells = (height // COARSE_PX + 1, width // COARSE_PX + 1, 3)
    coarse = Image.fromarray(rng.integers(0, 256, cells, dtype=np.uint8))
    smooth = np.asarray(coarse.resize(size_px, Image.Resampling.BICUBIC), dtype=np.float32)
    grainy = smooth + GRAIN * rng.standard_normal(smooth.shape, dtype=np.float32)
    buffer = io.BytesIO()
    Image.fromarray(grainy.clip(0, 255).astype(np.uint8)).save(buffer, "JPEG", quality=QUALITY)
    return buffer.getvalue()
