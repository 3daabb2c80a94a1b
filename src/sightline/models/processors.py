"""preprocessor_config.json as an image rule. Does not know towers or weights.

Defaults are those of CLIPImageProcessor, SiglipImageProcessor and, for DINOv2, of the files that every
facebook/dinov2-* repository holds (BitImageProcessor's own defaults are CLIP's and fit no DINOv2).
"""

from typing import Final, Literal

from sightline.domain.cards import ImageRule, Interpolation
from sightline.domain.errors import BrokenFileError, UnknownLayoutError
from sightline.models.config_section import Section

Family = Literal["clip", "siglip", "dinov2"]
Triple = tuple[float, float, float]

CLIP_MEAN: Final[Triple] = (0.48145466, 0.4578275, 0.40821073)
CLIP_STD: Final[Triple] = (0.26862954, 0.26130258, 0.27577711)
IMAGENET_MEAN: Final[Triple] = (0.485, 0.456, 0.406)
IMAGENET_STD: Final[Triple] = (0.229, 0.224, 0.225)
HALF: Final[Triple] = (0.5, 0.5, 0.5)

RESAMPLE: Final[dict[int, Interpolation]] = {2: "bilinear", 3: "bicubic"}  # PIL.Image.Resampling


def image_rule(family: Family, processor: Section | None, size_px: int) -> ImageRule:
    """The rule that a preprocessor_config.json states, or the family's own where there is none.

    size_px: the size that the vision tower was made for.

    Raises UnknownLayoutError: a rule that Sightline has no arithmetic for. BrokenFileError: wrong values.
    """
    usual = _usual(family, size_px)
    if processor is None:
        return usual
    _refuse_other_arithmetic(processor)
    default_mean, default_std = (usual.mean, usual.std) if family == "siglip" else (CLIP_MEAN, CLIP_STD)
    normalises = processor.flag("do_normalize", True)
    mean = processor.triple("image_mean", default_mean) if normalises else (0.0, 0.0, 0.0)
    std = processor.divisors("image_std", default_std) if normalises else (1.0, 1.0, 1.0)
    resample = processor.whole("resample", 3)
    if resample not in RESAMPLE:
        raise UnknownLayoutError(f"{processor.where}: resample {resample}; supported: 2 bilinear, 3 bicubic")
    rule = ImageRule(size_px, usual.resize, size_px, RESAMPLE[resample], mean, std)
    return _sized(family, processor, rule)


def _usual(family: Family, size_px: int) -> ImageRule:
    if family == "siglip":
        return ImageRule(size_px, "squash", size_px, "bicubic", HALF, HALF)
    if family == "dinov2":
        return ImageRule(224, "shortest_edge", 256, "bicubic", IMAGENET_MEAN, IMAGENET_STD)
    return ImageRule(size_px, "shortest_edge", size_px, "bicubic", CLIP_MEAN, CLIP_STD)


def _refuse_other_arithmetic(processor: Section) -> None:
    if not processor.flag("do_resize", True):
        raise UnknownLayoutError(
            f"{processor.where}: do_resize is false; pictures of any size have no vector"
        )
    if processor.flag("do_rescale", True):
        factor = processor.number("rescale_factor", 1 / 255)
        if abs(factor * 255 - 1) < 1e-6:
            return
        raise UnknownLayoutError(f"{processor.where}: rescale_factor {factor}; supported: 1/255")
    raise UnknownLayoutError(f"{processor.where}: do_rescale is false; supported: true, with factor 1/255")


def _sized(family: Family, processor: Section, rule: ImageRule) -> ImageRule:
    crops = processor.flag("do_center_crop", family != "siglip")
    size = processor.raw("size")
    if isinstance(size, dict) and "shortest_edge" in size:
        resize_px, squashes = processor.section("size").whole("shortest_edge"), False
    elif size is None:
        resize_px, squashes = rule.resize_px, family == "siglip"
    else:  # a bare number meant the shorter side for those that crop, and both sides for SigLIP
        resize_px, squashes = _side(processor, "size", rule.resize_px), isinstance(size, dict) or not crops
    crop_px = _side(processor, "crop_size", resize_px) if crops else resize_px
    if squashes and crop_px == resize_px:
        return ImageRule(crop_px, "squash", crop_px, rule.interpolation, rule.mean, rule.std)
    if squashes or not crops or crop_px > resize_px:
        raise UnknownLayoutError(
            f"{processor.where}: size {size!r} with crop {processor.raw('crop_size')!r} gives no square; "
            "supported: shortest_edge with a crop no larger than it, or equal height and width"
        )
    return ImageRule(crop_px, "shortest_edge", resize_px, rule.interpolation, rule.mean, rule.std)


def _side(processor: Section, key: str, default: int) -> int:
    """The side of a square given as a number, or as {"height": n, "width": n}."""
    if not isinstance(processor.raw(key), dict):
        return processor.whole(key, default)
    square = processor.section(key)
    height, width = square.whole("height"), square.whole("width")
    if height != width:
        raise BrokenFileError(f"{square.where} is {height} x {width}; the towers take squares")
    return height
