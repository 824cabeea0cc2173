"""Decode damaged files of every format: each gives a picture or a sentence, in bounded memory."""

from __future__ import annotations

import bz2
import gzip
import io
import time
from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from typing import Any

import numpy as np
from astropy.io import fits
from PIL import Image

from cluster_core.images import ImageLimits, decode_image
from tests.fuzz.case import Case, FaultError
from tests.fuzz.damage import flip_bytes
from tests.fuzz.memory import limited_memory
from tests.images.astronomy import test_ser, test_xisf
from tests.images.pictures import encode, noise, sky, write_fits, write_tiff
from tests.images.test_tones import COLOURS, COUNTS, with_alpha, write_png

N_FILES = 50
MAX_SECONDS = 5.0
# Small, so that a decoder that believes a header before the limits are checked is noticed.
LIMITS = ImageLimits(max_pixels=1_000_000, max_unpacked_bytes=20_000_000)
MAX_MEMORY_MB = 250
_HEADER_BYTES = 400


def _make_tiffs() -> list[bytes]:
    layouts: list[dict[str, Any]] = [{}, {"deflate": True}, {"tile": 16}, {"big": True}]
    layouts += [{"order": ">"}]
    kinds = ("u1", "u2", "i2", "u4", "f2", "f4", "f8")
    return [
        write_tiff(values.astype(kind), **layout)
        for values in (COUNTS, COLOURS)
        for kind in kinds
        for layout in layouts
    ]


def _make_fits() -> list[bytes]:
    values = sky()
    kinds = ("u1", ">i2", ">i4", ">f4", ">f8")
    plain = [write_fits(fits.PrimaryHDU(values.astype(kind))) for kind in kinds]
    cube = np.stack([values] * 3).astype(">f4")
    mosaic = fits.PrimaryHDU(values.astype(">i2"))
    mosaic.header["BAYERPAT"] = "RGGB"
    others = (fits.PrimaryHDU(cube), fits.PrimaryHDU(np.moveaxis(cube, 0, 2)), mosaic)
    several = write_fits(fits.PrimaryHDU(), fits.ImageHDU(cube, name="SCI"), fits.ImageHDU(cube))
    return [*plain, *map(write_fits, others), several]


def _make_packed_fits() -> list[bytes]:
    plain = _make_fits()[0]
    kinds = ("RICE_1", "GZIP_1", "GZIP_2")
    tiled = [
        write_fits(fits.PrimaryHDU(), fits.CompImageHDU(sky().astype(">i2"), compression_type=kind))
        for kind in kinds
    ]
    return [gzip.compress(plain), bz2.compress(plain), *tiled]


def _make_sers() -> list[bytes]:
    return [
        test_ser.write(test_ser.SKY.astype(kind), bits=bits, colour=colour)
        for kind, bits in (("u1", 8), ("<u2", 16))
        for colour in (0, 8)
    ]


def _make_xisfs() -> list[bytes]:
    values = test_xisf.SKY
    return [
        test_xisf.write(values.astype(kind).tobytes(), kind=name)
        for kind, name in test_xisf.TYPES.items()
    ]


def _make_with_pillow(kind: str) -> list[bytes]:
    pictures = [noise(), noise().convert("L"), noise().convert("RGBA")]
    if kind == "JPEG":
        progressive = [encode(picture, kind, progressive=True) for picture in pictures[:2]]
        return [*(encode(picture, kind) for picture in pictures[:2]), *progressive]
    return [encode(picture, kind) for picture in pictures]


def _make_animations() -> list[bytes]:
    frames = [noise(), Image.new("RGB", (48, 32))]
    return [
        encode(frames[1], kind, save_all=True, append_images=frames) for kind in ("GIF", "WEBP")
    ]


def _make_pngs() -> list[bytes]:
    deep = [write_png(values) for values in (COUNTS, COLOURS)]
    transparent = [write_png(with_alpha(values)) for values in (COUNTS, COLOURS)]
    return [*_make_with_pillow("PNG"), encode(noise().convert("P"), "PNG"), *deep, *transparent]


def _make_heics() -> list[bytes]:
    from pillow_heif import from_pillow

    files = []
    for picture in (noise(), noise().convert("L"), noise().convert("RGBA")):
        file = io.BytesIO()
        from_pillow(picture).save(file)
        files.append(file.getvalue())
    return files


FORMATS: dict[str, Callable[[], list[bytes]]] = {
    "jpeg": lambda: _make_with_pillow("JPEG"),
    "png": _make_pngs,
    "web": lambda: [*_make_with_pillow("WEBP"), *_make_animations()],
    "bmp": lambda: _make_with_pillow("BMP"),
    "tiff": _make_tiffs,
    "avif": lambda: _make_with_pillow("AVIF"),
    "jpeg-2000": lambda: _make_with_pillow("JPEG2000"),
    "fits": _make_fits,
    "packed-fits": _make_packed_fits,
    "ser": _make_sers,
    "xisf": _make_xisfs,
}
if find_spec("pillow_heif"):  # an optional package
    FORMATS["heic"] = _make_heics


@cache
def _make_files(name: str) -> list[bytes]:
    return FORMATS[name]()


def decode_damaged(name: str, case: Case) -> None:
    """Damage `N_FILES` files of a format, and decode each."""
    with limited_memory(MAX_MEMORY_MB):
        for _ in range(N_FILES):
            data, step = _damage(case, _make_files(name))
            started_s = time.process_time()
            case.try_out(step, lambda data=data: _decode(case, data))  # type: ignore[misc]
            seconds = time.process_time() - started_s
            if seconds > MAX_SECONDS:
                raise FaultError(f"It took {seconds:.1f} s.")


def _damage(case: Case, files: list[bytes]) -> tuple[bytes, str]:
    number = case.random.randrange(len(files))
    data, step = files[number], f"file {number}"
    kind = case.random.choice(["flip", "flip header", "set header", "truncate", "insert"])
    at = case.random.randrange(min(len(data), _HEADER_BYTES))
    if kind == "flip":
        data, changes = flip_bytes(data, case.random)
        return data, f"{step} flip {changes}"
    if kind == "flip header":
        head, changes = flip_bytes(data[:_HEADER_BYTES], case.random)
        return head + data[_HEADER_BYTES:], f"{step} flip {changes}"
    if kind == "set header":
        value = case.random.choice([0, 1, 127, 128, 255])
        length = case.random.choice([1, 2, 4])
        return data[:at] + bytes([value] * length) + data[at + length :], f"{step} {value} at {at}"
    if kind == "truncate":
        size = case.random.randrange(len(data))
        return data[:size], f"{step} cut to {size} bytes"
    added = case.random.randbytes(case.random.choice([1, 4, 100]))
    return data[:at] + added + data[at:], f"{step} {len(added)} bytes more at {at}"


def _decode(case: Case, data: bytes) -> None:
    side = case.random.choice([None, 16])
    deep_by_type = case.random.random() < 0.2
    pixels = decode_image(
        data, "damaged file", limits=LIMITS, min_side_px=side, deep_by_type=deep_by_type
    )
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3 or not pixels.size:
        raise FaultError(f"The picture is {pixels.dtype} of shape {pixels.shape}.")
