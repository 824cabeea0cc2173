"""Large pictures are reduced piece by piece, one at a time, in little memory."""

from __future__ import annotations

import threading
import time
import tracemalloc
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from astropy.io import fits
from PIL import Image

from cluster_core.images import decode_image, limits
from cluster_core.images.raster import decoding
from cluster_core.images.stretch import DEFAULT_STRETCH, apply_stretch
from tests.images.pictures import blocks, encode, noise, sky, write_fits

SIDE_PX = 20


@pytest.fixture(autouse=True)
def all_are_large(monkeypatch):
    monkeypatch.setattr(limits, "LARGE_PIXELS", 1000)


def shrink(pixels: np.ndarray) -> np.ndarray:
    size = (SIDE_PX, SIDE_PX)
    return np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.BILINEAR)).astype(int)


def as_mode(mode: str) -> Image.Image:
    smooth = noise(9, 7).resize((333, 250), Image.Resampling.BICUBIC)
    if mode in ("I;16", "I"):
        grey = np.asarray(smooth.convert("L")).astype(np.uint16 if mode == "I;16" else np.int32)
        return Image.fromarray(grey * 257)
    return smooth.convert(mode)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "P", "1", "LA", "I;16", "I"])
def test_reduced_picture_shrinks_to_the_same_result(mode):
    data = encode(as_mode(mode), "TIFF")
    whole, reduced = decode_image(data, "a"), decode_image(data, "a", min_side_px=SIDE_PX)
    assert reduced.shape == (84, 84, 3)
    assert reduced.flags.c_contiguous
    assert np.abs(shrink(reduced) - shrink(whole)).mean() < 1


@pytest.mark.parametrize("size", [(41, 3000), (3000, 41), (79, 81), (20, 400), (1, 5000)])
def test_no_side_falls_below_twice_the_target(size):
    pixels = decode_image(encode(noise(*size), "PNG"), "a", min_side_px=SIDE_PX)
    width, height = size
    assert pixels.shape[1] >= min(width, 2 * SIDE_PX)
    assert pixels.shape[0] >= min(height, 2 * SIDE_PX)


@pytest.mark.parametrize("n_planes", [1, 3])
def test_fits_is_reduced(n_planes):
    values = np.stack([sky(300, 200) for _ in range(n_planes)]).astype(np.float32)
    data = write_fits(fits.PrimaryHDU(values))
    whole, reduced = decode_image(data, "a"), decode_image(data, "a", min_side_px=SIDE_PX)
    assert reduced.shape == (100, 100, 3)
    assert np.abs(shrink(reduced) - shrink(whole)).mean() < 1


def test_large_pictures_are_decoded_one_at_a_time(monkeypatch):
    n_active, most = 0, 0
    lock, convert = threading.Lock(), decoding._convert

    def watch(*arguments):
        nonlocal n_active, most
        with lock:
            n_active += 1
            most = max(most, n_active)
        time.sleep(0.01)
        pixels = convert(*arguments)
        with lock:
            n_active -= 1
        return pixels

    monkeypatch.setattr(decoding, "_convert", watch)
    for kind, expected in (("large", 1), ("small", 4)):
        most = 0
        data = encode(blocks(*((48, 32) if kind == "large" else (8, 8))), "PNG")
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda _, data=data: decode_image(data, "a"), range(8)))
        assert most <= expected
        assert kind == "large" or most > 1


def test_large_fits_is_stretched_without_full_size_copies(monkeypatch):
    monkeypatch.undo()
    values = np.tile(sky(64, 80).astype(np.float32), (1, 50, 50))
    tracemalloc.start()
    try:
        levels = apply_stretch(values, DEFAULT_STRETCH)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert levels.shape == values.shape
    assert peak < 2 * values.nbytes
