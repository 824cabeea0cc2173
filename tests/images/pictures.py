"""Make picture files of all kinds in memory."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import numpy as np
from astropy.io import fits
from PIL import Image


def encode(image: Image.Image, kind: str, **options: Any) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def write_fits(*hdus: Any) -> bytes:
    stream = io.BytesIO()
    fits.HDUList(list(hdus)).writeto(stream)
    return stream.getvalue()


def with_card(data: bytes, key: str, value: str) -> bytes:
    """Overwrite a header card in place, without any check."""
    start = data.index(key.encode().ljust(8) + b"=")
    return data[:start] + f"{key:8}= {value:>20}".ljust(80).encode() + data[start + 80 :]


def blocks(width: int = 48, height: int = 32) -> Image.Image:
    """Draw four flat quarters, which survive JPEG: red and green above blue and white."""
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[: height // 2, : width // 2, 0] = 255
    pixels[: height // 2, width // 2 :, 1] = 255
    pixels[height // 2 :, : width // 2, 2] = 255
    pixels[height // 2 :, width // 2 :] = 255
    return Image.fromarray(pixels)


def noise(width: int = 48, height: int = 32) -> Image.Image:
    rng = np.random.default_rng(0)
    return Image.fromarray(rng.integers(0, 256, (height, width, 3), dtype=np.uint8))


def sky(height: int = 64, width: int = 80, level: float = 1000.0) -> np.ndarray:
    """Draw noise around a level, with one bright star near the first row and column.

    Returns
    -------
    ndarray
        float64, shape (height, width).
    """
    rng = np.random.default_rng(0)
    values = rng.normal(level, 5.0, (height, width))
    values[4:7, 6:9] += 4000.0
    return values


def write_tiff(*pages: np.ndarray, order: str = "<", big: bool = False, **options: Any) -> bytes:
    """Write a TIFF in any layout, also those that Pillow does not write.

    Parameters
    ----------
    *pages : ndarray
        Shape (height, width) or (height, width, samples), of any numeric type.
    order : str
        "<" or ">".
    big : bool
        Whether to write a BigTIFF.
    **options
        See `add_page`.
    """
    word, word_bytes = ("Q", 8) if big else ("I", 4)
    data = b"II" if order == "<" else b"MM"
    data += struct.pack(order + ("HHHQ" if big else "HI"), *((43, 8, 0, 0) if big else (42, 0)))
    link = 8 if big else 4  # where the offset of the next directory is written
    for page in pages:
        data, start, next_link = add_page(data, page, order + word, **options)
        data = data[:link] + struct.pack(order + word, start) + data[link + word_bytes :]
        link = next_link
    return data


def add_page(
    data: bytes,
    pixels: np.ndarray,
    word: str,
    planar: bool = False,
    tile: int = 0,
    deflate: bool = False,
    predictor: int = 1,
    tags: dict[int, Any] | None = None,
) -> tuple[bytes, int, int]:
    """Append a page: strips of 5 rows or square tiles; `tags` override those of the layout."""
    values = pixels.reshape(*pixels.shape[:2], -1).astype(
        pixels.dtype.newbyteorder("<" if word[0] == "<" else ">")
    )
    height, width, n_samples = values.shape
    planes = np.split(values, n_samples, axis=2) if planar else [values]
    pieces = []
    for plane in planes:
        for top in range(0, height, tile or 5):
            for left in range(0, width, tile or width):
                part = plane[top : top + (tile or 5), left : left + (tile or width)]
                if tile:
                    missing = (tile - part.shape[0], tile - part.shape[1], 0)
                    part = np.pad(part, [(0, n) for n in missing])
                packed = _predict(part, predictor).tobytes()
                pieces.append(zlib.compress(packed) if deflate else packed)
    offsets = np.cumsum([len(data), *map(len, pieces)])[:-1].tolist()
    data += b"".join(pieces)
    kind = {"u": 1, "i": 2, "f": 3, "c": 6}[values.dtype.kind]
    bits = 8 * values.dtype.itemsize
    entries = {256: width, 257: height, 258: [bits] * n_samples, 259: 8 if deflate else 1}
    entries |= {262: 2 if n_samples >= 3 else 1, 277: n_samples, 284: 2 if planar else 1}
    entries |= {317: predictor, 339: [kind] * n_samples}
    entries |= {322: tile, 323: tile, 324: offsets} if tile else {273: offsets, 278: 5}
    entries |= {325 if tile else 279: [len(piece) for piece in pieces]} | (tags or {})
    return _add_directory(data, entries, word)


def _predict(part: np.ndarray, predictor: int) -> np.ndarray:
    if predictor == 2:
        whole = part.view(part.dtype.str.replace("i", "u").replace("f", "u"))
        steps = np.concatenate([whole[:, :1], np.diff(whole, axis=1)], axis=1)
        return steps.astype(whole.dtype)
    if predictor == 3:
        high_first = part.astype(part.dtype.newbyteorder(">"))
        flat = high_first.view(np.uint8).reshape(len(part), -1, part.dtype.itemsize)
        by_byte = flat.transpose(0, 2, 1).reshape(len(part), -1, part.shape[2])
        return np.concatenate([by_byte[:, :1], np.diff(by_byte, axis=1)], axis=1)
    return part


def _add_directory(data: bytes, entries: dict[int, Any], word: str) -> tuple[bytes, int, int]:
    order, size = word[0], struct.calcsize(word)
    count = struct.pack(order + ("Q" if size == 8 else "H"), len(entries))
    start = len(data) + len(data) % 2
    lists_at = start + len(count) + len(entries) * (4 + 2 * size) + size
    body, lists = count, b""
    for tag, value in sorted(entries.items()):
        is_bytes = isinstance(value, bytes)
        numbers = list(value) if isinstance(value, list | bytes) else [value]
        kind, code = (7, "B") if is_bytes else (4, "I")
        raw = struct.pack(f"{order}{len(numbers)}{code}", *numbers)
        if len(raw) > size:
            lists, raw = lists + raw, struct.pack(word, lists_at + len(lists))
        body += struct.pack(order + "HH" + word[1], tag, kind, len(numbers)) + raw.ljust(
            size, b"\0"
        )
    whole = data.ljust(start, b"\0") + body + bytes(size) + lists
    return whole, start, start + len(body)
