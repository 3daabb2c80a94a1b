"""Product pictures to upload, drawn by our own code. Does not know who reads them."""

from pathlib import Path

from PIL import Image

from drawings import catalogue

COUNT = 64
SIZE_PX = (400, 533)  # the clothing photos' size
QUALITY = 85


def uploads(folder: Path) -> Path:
    """COUNT different JPEGs in `folder`."""
    folder.mkdir(parents=True)
    for index, (_, image) in enumerate(catalogue(COUNT, seed=1)):
        resized = image.resize(SIZE_PX, Image.Resampling.BICUBIC)
        resized.save(folder / f"{index:03}.jpg", quality=QUALITY)
    return folder
