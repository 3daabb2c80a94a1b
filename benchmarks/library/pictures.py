"""Any number of files with different bytes and few different pictures. Does not know who reads them.

Drawing a hundred thousand takes longer than embedding them: a comment in the JPEG makes a new content.
"""

import io
from pathlib import Path

from PIL import Image

from drawings import catalogue

BASES = 64
QUALITY = 85


def jpegs(folder: Path, count: int, size_px: tuple[int, int]) -> Path:
    """`count` JPEGs, each with other bytes."""
    folder.mkdir(parents=True)
    bases = [_encoded(image, size_px) for _, image in catalogue(BASES, seed=1)]
    for number in range(count):
        data = bases[number % BASES]
        note = f"picture {number}".encode()
        comment = b"\xff\xfe" + (len(note) + 2).to_bytes(2, "big") + note
        (folder / f"{number:07}.jpg").write_bytes(data[:2] + comment + data[2:])
    return folder


def _encoded(image: Image.Image, size_px: tuple[int, int]) -> bytes:
    file = io.BytesIO()
    image.resize(size_px, Image.Resampling.BICUBIC).save(file, "JPEG", quality=QUALITY)
    return file.getvalue()
