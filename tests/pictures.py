"""Picture files made in code: valid, odd, cut short and hostile. Does not know what should become of them."""

import io
import struct
import zlib

import numpy as np
from PIL import Image, ImageCms, ImageFilter

from sightline.domain.arrays import UInt8

SIZE = (83, 60)
P3 = ((0.5151, 0.2412, -0.0011), (0.2920, 0.6922, 0.0419), (0.1571, 0.0666, 0.7841))
PROPHOTO = ((0.7977, 0.2880, 0.0), (0.1352, 0.7119, 0.0), (0.0313, 0.0001, 0.8249))


def picture(size: tuple[int, int] = SIZE, seed: int = 0) -> Image.Image:
    """Smooth noise: no two corners alike, and nothing that a lossy format would ruin."""
    noise = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    return Image.fromarray(noise).filter(ImageFilter.GaussianBlur(2))


def see_through(size: tuple[int, int] = SIZE) -> Image.Image:
    image = picture(size).convert("RGBA")
    image.putalpha(picture(size, seed=1).convert("L"))
    return image


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def animated(kind: str, **options: object) -> bytes:
    frames = [picture(seed=seed) for seed in range(3)]
    return saved(frames[0], kind, save_all=True, append_images=frames[1:], **options)


def turned(kind: str, orientation: int, **options: object) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return saved(picture(), kind, exif=exif, **options)


def tiff_of(image: Image.Image, coding: str = "raw", **options: object) -> bytes:
    return saved(image, "TIFF", compression=coding, **options)


def deep_grey(size: tuple[int, int] = SIZE) -> Image.Image:
    """16 bits, from 0 to 65535."""
    return Image.fromarray(np.linspace(0, 65_535, size[0] * size[1]).reshape(size[::-1]).astype(np.uint16))


def whole_files() -> dict[str, bytes]:
    """One small file of every kind that people have, each SIZE large."""
    rgb, alpha, bilevel, palette = picture(), see_through(), picture().convert("1"), picture().quantize(16)
    files = {
        "jpeg": saved(rgb, "JPEG"),
        "jpeg progressive": saved(rgb, "JPEG", progressive=True),
        "jpeg grey": saved(rgb.convert("L"), "JPEG"),
        "jpeg cmyk": saved(rgb.convert("CMYK"), "JPEG"),
        "jpeg with restarts": saved(rgb, "JPEG", restart_marker_rows=1),
        "jpeg rgb": saved(rgb, "JPEG", keep_rgb=True),
        "mpo": animated("MPO"),
        "png": saved(rgb, "PNG"),
        "png alpha": saved(alpha, "PNG"),
        "png palette": saved(palette, "PNG"),
        "png bilevel": saved(bilevel, "PNG"),
        "png deep grey": saved(deep_grey(), "PNG"),
        "apng": animated("PNG"),
        "gif": saved(rgb, "GIF"),
        "gif interlaced": saved(rgb, "GIF", interlace=True),
        "gif transparent": saved(palette, "GIF", transparency=3),
        "gif animated": animated("GIF"),
        "webp": saved(rgb, "WEBP"),
        "webp lossless": saved(rgb, "WEBP", lossless=True),
        "webp alpha": saved(alpha, "WEBP"),
        "webp animated": animated("WEBP"),
        "bmp": saved(rgb, "BMP"),
        "bmp palette": saved(palette, "BMP"),
        "bmp bilevel": saved(bilevel, "BMP"),
        "bmp alpha": saved(alpha, "BMP"),
        "avif": saved(rgb, "AVIF"),
        "avif alpha": saved(alpha, "AVIF"),
        "avif animated": animated("AVIF"),
        "tiff pages": animated("TIFF"),
        "tiff pages lzw": animated("TIFF", compression="tiff_lzw"),
        "bigtiff": tiff_of(rgb, big_tiff=True),
        "bigtiff lzw": tiff_of(rgb, "tiff_lzw", big_tiff=True),
        "tiff jpeg": tiff_of(rgb, "jpeg"),
    }
    for coding in ("group3", "group4", "tiff_ccitt"):
        files[f"tiff {coding}"] = tiff_of(bilevel, coding)
    for mode in ("L", "P", "LA", "RGB", "RGBA", "CMYK", "YCbCr", "LAB", "I", "F"):
        for coding in ("raw", "tiff_lzw", "packbits", "tiff_adobe_deflate"):
            image = alpha if mode in ("LA", "RGBA") else rgb
            files[f"tiff {mode} {coding}"] = tiff_of(image.convert(mode), coding)
    files["tiff deep grey"] = tiff_of(deep_grey(), "tiff_lzw")
    return files


def chunk(name: bytes, body: bytes = b"") -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png(size: tuple[int, int] = (64, 64), extra: bytes = b"", kind: tuple[int, int] = (8, 2)) -> bytes:
    """A black PNG with more chunks before its pixels. kind: bits per sample, PNG's colour type."""
    samples = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[kind[1]]
    rows = bytes((1 + (size[0] * samples * kind[0] + 7) // 8) * size[1])
    return png_of(size, kind, rows, extra)


def png_of(size: tuple[int, int], kind: tuple[int, int], rows: bytes, extra: bytes = b"") -> bytes:
    """rows: each a filter byte and its samples."""
    header = struct.pack(">IIBBBBB", *size, *kind, 0, 0, 0)
    chunks = chunk(b"IHDR", header) + extra + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND")
    return b"\x89PNG\r\n\x1a\n" + chunks


def gif(screen: tuple[int, int], before: bytes = b"", after: bytes = b"") -> bytes:
    """A GIF with one 1 x 1 frame of white, and blocks before and after it."""
    return gif_head(screen) + before + GIF_FRAME + after + b";"


def gif_head(screen: tuple[int, int]) -> bytes:
    return b"GIF89a" + struct.pack("<HHBBB", *screen, 0x80, 0, 0) + b"\0\0\0\xff\xff\xff"


GIF_FRAME = b"," + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02\x4c\x01\x00"


def webp_lossless_header(size: tuple[int, int]) -> bytes:
    """36 bytes that unpack to as many pixels as one likes: every code has length zero."""
    bits = struct.pack("<I", (size[0] - 1) | (size[1] - 1) << 14)
    return b"RIFF" + struct.pack("<I", 28) + b"WEBPVP8L" + struct.pack("<I", 16) + b"\x2f" + bits + bytes(11)


def bmp(size: tuple[int, int], kind: tuple[int, int], body: bytes, palette: bytes = b"") -> bytes:
    """kind: bits per pixel, compression."""
    info = struct.pack("<IiiHHIIiiII", 40, *size, 1, *kind, 0, 0, 0, len(palette) // 4, 0)
    return b"BM" + struct.pack("<IHHI", 0, 0, 0, 54 + len(palette)) + info + palette + body


def tiff(tags: dict[int, int], pixels: bytes, order: str = "<") -> bytes:
    """One page of the given tags; its pixels begin at byte 8."""
    head = (b"II" if order == "<" else b"MM") + struct.pack(order + "HI", 42, 8 + len(pixels))
    entries = b"".join(struct.pack(order + "HHII", tag, 4, 1, tags[tag]) for tag in sorted(tags))
    return head + pixels + struct.pack(order + "H", len(tags)) + entries + bytes(4)


def grey_tiff_tags(size: tuple[int, int], bits: int = 8) -> dict[int, int]:
    length = size[0] * size[1] * bits // 8
    return {256: size[0], 257: size[1], 258: bits, 259: 1, 262: 1, 273: 8, 277: 1, 278: size[1], 279: length}


def profile(primaries: tuple[tuple[float, float, float], ...]) -> bytes:
    """sRGB's own profile with other primaries, each an XYZ."""
    data = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    wanted = dict(zip((b"rXYZ", b"gXYZ", b"bXYZ"), primaries, strict=True))
    for entry in range(132, 132 + 12 * int.from_bytes(data[128:132], "big"), 12):
        name, at = struct.unpack_from(">4sI", data, entry)
        if name in wanted:
            struct.pack_into(">3i", data, at + 8, *(round(value * 65_536) for value in wanted[name]))
    return bytes(data)


def furthest(image: Image.Image, other: Image.Image | UInt8) -> int:
    """The largest difference of a value."""
    return int(np.abs(np.asarray(image, np.int16) - np.asarray(other, np.int16)).max())
