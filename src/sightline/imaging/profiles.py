"""Pictures with a clearly other colour profile to sRGB. Does not know files or models."""

from io import BytesIO
from itertools import product

import numpy as np
from PIL import Image, ImageCms

# A profile that moves the colours of a coarse cube by less than this on average is sRGB by another name or
# rounded; such pictures keep their pixels, as in the reference, which knows no profiles. Display P3 and
# Adobe RGB move them by 8, ProPhoto by 19. The largest move says little: near black a rounding makes it 10.
_CLEARLY_OTHER = 2
_MAX_PROFILE_BYTES = 4_000_000  # the largest printer profiles; more is a bomb
_STEPS = (0, 64, 128, 192, 255)


def to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """An RGB picture's colours in sRGB; unchanged when the profile is absent, sRGB-like or unusable.

    A damaged profile is no reason to refuse a picture that every viewer shows. See
    docs/adr/0004-colour-profiles.md.
    """
    if not profile or len(profile) > _MAX_PROFILE_BYTES:
        return image
    try:
        source = ImageCms.ImageCmsProfile(BytesIO(profile))
        if source.profile.xcolor_space.strip() != "RGB" or _is_srgb(source):
            return image
        transform = ImageCms.buildTransform(source, ImageCms.createProfile("sRGB"), "RGB", "RGB")
        return ImageCms.applyTransform(image, transform) or image
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return image


def _is_srgb(source: ImageCms.ImageCmsProfile) -> bool:
    # Unoptimised transforms are built in 0.6 ms instead of 2.4, and most profiles met are sRGB's.
    unoptimised = ImageCms.Flags.NOOPTIMIZE
    srgb = ImageCms.createProfile("sRGB")
    transform = ImageCms.buildTransform(source, srgb, "RGB", "RGB", flags=unoptimised)
    cube = np.array([list(product(_STEPS, repeat=3))], dtype=np.uint8)  # (1, 125, 3)
    moved = np.asarray(ImageCms.applyTransform(Image.fromarray(cube), transform), dtype=np.int16)
    return bool(np.abs(moved - cube).mean() <= _CLEARLY_OTHER)
