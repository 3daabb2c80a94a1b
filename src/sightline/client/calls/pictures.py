"""Pictures as a caller has them, as they go into a request. Does not know what they are sent for."""

import base64
import io
from collections.abc import Iterable, Iterator
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Union

from sightline.domain.errors import InvalidRequestError

if TYPE_CHECKING:  # whoever has one has loaded Pillow
    from PIL.Image import Image

Picture = Union[str, "PathLike[str]", bytes, "Image"]  # a path or a URL, a path, a file's bytes, a drawn one

PART_ITEMS = 64  # some seconds of a slow model, and a request may take 30
PART_CHARACTERS = 16_000_000  # of base64: half of what a server takes in one request by default


def written(picture: Picture) -> str:
    """A URL as it is, all else in base64. Raises InvalidRequestError: it is no picture; OSError."""
    if isinstance(picture, str) and picture.startswith(("http://", "https://", "data:")):
        return picture
    return base64.b64encode(_bytes(picture)).decode("ascii")


def parts(pictures: Iterable[Picture]) -> Iterator[list[str]]:
    """As written, in lists that one request can take. Of what is read, only one list is in memory."""
    part: list[str] = []
    size = 0
    for picture in pictures:
        text = written(picture)
        if part and (len(part) == PART_ITEMS or size + len(text) > PART_CHARACTERS):
            yield part
            part, size = [], 0
        part.append(text)
        size += len(text)
    if part:
        yield part


def listed(pictures: Iterable[Picture]) -> Iterable[Picture]:
    """Several pictures. Raises InvalidRequestError: it is one."""
    if isinstance(pictures, str | bytes | Path) or not isinstance(pictures, Iterable):
        raise InvalidRequestError(f"{type(pictures).__name__} is one picture; give a list of them")
    return pictures


def _bytes(picture: Picture) -> bytes:
    if isinstance(picture, bytes):
        return picture
    if isinstance(picture, str | PathLike):
        return Path(picture).read_bytes()
    if hasattr(picture, "save"):
        buffer = io.BytesIO()
        picture.save(buffer, "PNG")
        return buffer.getvalue()
    raise InvalidRequestError(
        f"{type(picture).__name__} is no picture; give a path, a URL, a file's bytes or a PIL picture"
    )
