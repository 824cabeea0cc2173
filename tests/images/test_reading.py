"""Reading and decoding of picture files of any kind."""

from __future__ import annotations

import gzip
import os
import random
import subprocess
import sys
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from cluster_core.errors import ImageError, ImageProblem
from cluster_core.images import ImageLimits, decode_image, read_bytes, read_image
from tests.images.pictures import blocks, encode, noise, sky, write_fits, write_tiff

SMALL = np.rint(sky(16, 20)).astype(np.int16)
SAMPLES = {
    "jpeg": encode(noise(24, 16), "JPEG", quality=30),
    "progressive": encode(noise(24, 16), "JPEG", quality=30, progressive=True),
    "png": encode(blocks(24, 16), "PNG", exif=b"Exif\0\0MM\0*\0\0\0\x08\0\0"),
    "palette": encode(blocks(24, 16).quantize(4), "PNG", transparency=1),
    "webp": encode(noise(24, 16), "WEBP"),
    "tiff": encode(blocks(24, 16), "TIFF", compression="packbits"),
    "bmp": encode(blocks(24, 16), "BMP"),
    "avif": encode(noise(24, 16), "AVIF"),
    "jp2": encode(noise(24, 16), "JPEG2000"),
    "j2k": encode(noise(24, 16), "JPEG2000", no_jp2=True),
    "floats": write_tiff(np.asarray(noise(24, 16)) / np.float32(255), planar=True, deflate=True),
    "big": write_tiff(SMALL, order=">", big=True, tile=16, deflate=True, predictor=2),
    "gif": encode(blocks(24, 16).quantize(4), "GIF"),
    "fits": write_fits(fits.PrimaryHDU(SMALL)),
    "fz": write_fits(fits.PrimaryHDU(), fits.CompImageHDU(SMALL)),
    "gz": gzip.compress(write_fits(fits.PrimaryHDU(SMALL))),
}


def decode_or_reject(data):
    """Decode a picture; anything but a valid result or an ImageError fails the test."""
    try:
        pixels = decode_image(data, "a")
    except ImageError:
        return
    assert pixels.ndim == 3
    assert pixels.shape[2] == 3
    assert pixels.dtype == np.uint8


@pytest.mark.parametrize("kind", SAMPLES)
def test_truncated_file_gives_picture_or_image_error(kind):
    data = SAMPLES[kind]
    step = max(1, len(data) // 150)
    for length in [*range(min(len(data), 64)), *range(64, len(data), step)]:
        decode_or_reject(data[:length])


@pytest.mark.parametrize("kind", SAMPLES)
def test_flipped_bytes_give_picture_or_image_error(kind):
    rng = random.Random(kind)
    for _ in range(150):
        data = bytearray(SAMPLES[kind])
        for _ in range(rng.choice([1, 2, 8])):
            at = rng.randrange(min(len(data), rng.choice([64, 300, len(data)])))
            data[at] = rng.choice([0, 255, ord("9"), data[at] ^ 1 << rng.randrange(8)])
        decode_or_reject(bytes(data))


@pytest.mark.parametrize("kind", SAMPLES)
def test_file_name_does_not_matter(kind, tmp_path):
    path = tmp_path / "notes.txt"
    path.write_bytes(SAMPLES[kind])
    assert np.array_equal(read_image(path), decode_image(SAMPLES[kind], "M13.png"))


def test_empty_file_is_reported(tmp_path):
    path = tmp_path / "a.jpg"
    path.touch()
    with pytest.raises(ImageError, match=r"a\.jpg is empty") as caught:
        read_image(path)
    assert caught.value.reason == ImageProblem.UNREADABLE


def test_oversized_file_is_not_read(tmp_path):
    path = tmp_path / "a.jpg"
    path.touch()
    os.truncate(path, 10**12)  # a sparse file: a terabyte that uses no disk space
    with pytest.raises(ImageError, match="1,000,000 MB") as caught:
        read_bytes(path)
    assert caught.value.reason == ImageProblem.TOO_LARGE


def test_file_limit_applies_to_bytes():
    with pytest.raises(ImageError) as caught:
        decode_image(SAMPLES["png"], "a", limits=ImageLimits(max_file_bytes=10))
    assert caught.value.reason == ImageProblem.TOO_LARGE


def test_file_that_grows_while_it_is_read_is_refused(tmp_path, monkeypatch):
    (tmp_path / "a.png").write_bytes(b"1")
    monkeypatch.setattr(Path, "read_bytes", lambda _: bytes(11))
    with pytest.raises(ImageError, match="the limit is"):
        read_bytes(tmp_path / "a.png", ImageLimits(max_file_bytes=10))


def test_unreadable_file_is_reported(tmp_path):
    os.mkfifo(tmp_path / "pipe.jpg")
    (tmp_path / "folder.jpg").mkdir()
    for name in ("missing.jpg", "folder.jpg", "pipe.jpg"):
        with pytest.raises(ImageError, match=name) as caught:
            read_bytes(tmp_path / name)
        assert caught.value.reason == ImageProblem.UNREADABLE


def test_concurrent_decoding_keeps_other_warnings():
    damaged_exif = encode(blocks(), "JPEG", exif=b"Exif\0\0MM\0*\0\0\0\x08\0\x05")
    files = [damaged_exif, SAMPLES["fits"][:-1000], *SAMPLES.values()] * 5
    filters = len(warnings.filters)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(decode_or_reject, files))
    assert len(warnings.filters) <= filters + 1
    with pytest.warns(UserWarning, match="still heard"):
        warnings.warn("still heard", stacklevel=1)


def test_plain_pictures_do_not_import_astropy():
    program = (
        "import io, sys; from PIL import Image; from cluster_core.images import decode_image;"
        "stream = io.BytesIO(); Image.new('RGB', (4, 4)).save(stream, 'JPEG');"
        "decode_image(stream.getvalue(), 'a'); sys.exit('astropy' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
