"""Pictures in many kinds of JPEG and PNG, as cameras, phones and drawing programs write them."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

from cluster_core.sky import render_picture

SCENES = ("globular_resolved", "open_rich", "galaxy_spiral", "open_sparse")
RENDERED_PX = 320
ORIENTATION = 0x0112
# Columns of Display P3, (X, Y, Z) for D50: a wider gamut than sRGB.
P3_COLUMNS = {
    b"rXYZ": (0.51512, 0.24120, -0.00105),
    b"gXYZ": (0.29198, 0.69225, 0.04189),
    b"bXYZ": (0.15710, 0.06657, 0.78407),
}

Pixels = NDArray[np.uint8]
Save = Callable[[Image.Image, Path, int], None]


def write_files(folder: Path, n_files: int) -> list[Path]:
    """Write pictures, each in the next kind of file.

    Parameters
    ----------
    folder : Path
        Folder to write to, created if missing.
    n_files : int
        Number of files; their names say their kind.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for number in range(n_files):
        name, (size, save) = list(KINDS.items())[number % len(KINDS)]
        paths.append(folder / f"{number:03}-{name}")
        save(_render(number, size), paths[-1], number)
    return paths


def _render(number: int, size: tuple[int, int]) -> Image.Image:
    """Render a picture; large ones are enlarged, with noise as from a sensor."""
    random = np.random.default_rng(number)
    scene = SCENES[number % len(SCENES)]
    small = min(RENDERED_PX, *size)
    pixels = render_picture(random, scene, small, small).pixels
    picture = Image.fromarray(pixels).resize(size, Image.Resampling.BICUBIC)
    noise = random.normal(0, 6, (size[1], size[0], 3)).astype(np.float32)
    return Image.fromarray((np.asarray(picture) + noise).clip(0, 255).astype(np.uint8))


def _save_jpeg(picture: Image.Image, path: Path, number: int, **options: Any) -> None:
    picture.save(path, quality=85 + number % 11, **options)


def _save_oriented(picture: Image.Image, path: Path, number: int) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = 1 + number // len(KINDS) % 8
    picture.save(path, exif=exif, quality=90)


def _save_wide_gamut(picture: Image.Image, path: Path, _number: int) -> None:
    picture.save(path, icc_profile=make_wide_profile())


def _save_grey(picture: Image.Image, path: Path, _number: int) -> None:
    picture.convert("L").save(path)


def _save_palette(picture: Image.Image, path: Path, _number: int) -> None:
    picture.quantize(64).save(path, transparency=0)


def _save_bits(picture: Image.Image, path: Path, _number: int) -> None:
    picture.quantize(12).save(path, bits=4)


def _save_alpha(picture: Image.Image, path: Path, number: int) -> None:
    alpha = np.random.default_rng(number).integers(0, 256, (picture.height, picture.width))
    picture.putalpha(Image.fromarray(alpha.astype(np.uint8)))
    picture.save(path)


def _save_grey_alpha(picture: Image.Image, path: Path, _number: int) -> None:
    grey = picture.convert("LA")
    grey.putalpha(picture.convert("L").point(lambda level: min(255, 2 * level)))
    grey.save(path)


def _save_drawing(picture: Image.Image, path: Path, _number: int) -> None:
    """Save a black drawing on a transparent ground, which is lost on black."""
    drawing = Image.new("RGBA", picture.size, (10, 10, 10, 0))
    drawing.putalpha(picture.convert("L"))
    drawing.save(path)


def _save_sixteen_bits(picture: Image.Image, path: Path, _number: int) -> None:
    path.write_bytes(make_png(_deepen(picture)[..., :1], interlaced=False))


def _save_deep_colours(picture: Image.Image, path: Path, _number: int) -> None:
    path.write_bytes(make_png(_deepen(picture), interlaced=False))


def _deepen(picture: Image.Image) -> NDArray[np.uint16]:
    """Return a bright picture with 16 bits, which is taken for a photograph."""
    return (65535 * (np.asarray(picture) / 255) ** 0.4).astype(np.uint16)


def _save_interlaced(picture: Image.Image, path: Path, _number: int) -> None:
    path.write_bytes(make_png(np.asarray(picture), interlaced=True))


def make_png(pixels: NDArray[np.uint8] | NDArray[np.uint16], *, interlaced: bool) -> bytes:
    """Make a PNG of kinds that Pillow does not write.

    Parameters
    ----------
    pixels : ndarray of uint8 or uint16, (height, width, 1 or 3)
        Grey or RGB.
    interlaced : bool
        Whether the rows are in seven passes.
    """
    height, width, channels = pixels.shape
    passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4)]
    passes += [(0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
    rows = b"".join(
        b"\0" + row.astype(row.dtype.newbyteorder(">")).tobytes()
        for left, top, step_x, step_y in (passes if interlaced else [(0, 0, 1, 1)])
        for row in pixels[top::step_y, left::step_x]
        if row.size
    )
    depth, kind = 8 * pixels.dtype.itemsize, 0 if channels == 1 else 2
    header = struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, int(interlaced))
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows, 1)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(map(_make_chunk, chunks))


def _make_chunk(chunk: tuple[bytes, bytes]) -> bytes:
    kind, content = chunk
    checksum = struct.pack(">I", zlib.crc32(kind + content))
    return struct.pack(">I", len(content)) + kind + content + checksum


@cache
def make_wide_profile() -> bytes:
    """Make a profile of Display P3 from that of sRGB, whose curve it shares."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    for name, column in P3_COLUMNS.items():
        entry = profile.index(name)
        (at,) = struct.unpack_from(">I", profile, entry + 4)
        struct.pack_into(">3i", profile, at + 8, *(round(65536 * value) for value in column))
    return bytes(profile).replace("sRGB".encode("utf-16-be"), "P3ZZ".encode("utf-16-be"))


KINDS: dict[str, tuple[tuple[int, int], Save]] = {
    "small.jpg": ((160, 160), _save_jpeg),
    "whole-colours.jpg": ((901, 703), partial(_save_jpeg, subsampling=0)),
    "oriented.jpg": ((757, 523), _save_oriented),
    "grey.jpg": ((640, 480), _save_grey),
    "progressive.jpg": ((2003, 1501), partial(_save_jpeg, progressive=True)),
    "large.jpg": ((4003, 3001), _save_jpeg),
    "half-colours.jpg": ((1280, 960), partial(_save_jpeg, subsampling=1)),
    "wide-gamut.jpg": ((600, 400), _save_wide_gamut),
    "rgb.png": ((401, 299), lambda picture, path, _: picture.save(path)),
    "oriented.png": ((300, 200), _save_oriented),
    "grey.png": ((350, 350), _save_grey),
    "palette.png": ((320, 240), _save_palette),
    "four-bits.png": ((255, 301), _save_bits),
    "alpha.png": ((300, 300), _save_alpha),
    "grey-alpha.png": ((300, 260), _save_grey_alpha),
    "drawing.png": ((300, 300), _save_drawing),
    "sixteen-bits.png": ((280, 280), _save_sixteen_bits),
    "deep-colours.png": ((280, 280), _save_deep_colours),
    "interlaced.png": ((333, 222), _save_interlaced),
    "wide-gamut.png": ((300, 200), _save_wide_gamut),
    "large.png": ((4099, 3001), lambda picture, path, _: picture.save(path, compress_level=1)),
}
