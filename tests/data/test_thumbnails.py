"""Thumbnails and their cache."""

from __future__ import annotations

import contextlib
import io
import sqlite3

import numpy as np
import pytest
from PIL import Image

from cluster_core.data import thumbnails
from cluster_core.data.thumbnails import ThumbnailCache
from cluster_core.errors import ImageError
from cluster_core.storage import file_hashes
from cluster_core.storage.cache_file import CacheFile
from tests.samples import draw_blob, save_picture


@pytest.fixture
def file(tmp_path):
    with CacheFile(tmp_path / "cache") as file:
        yield file


@pytest.fixture
def path(tmp_path):
    return save_picture(tmp_path / "M 13.png", draw_blob(1, (250, 80, 60), 400))


def open_jpeg(jpeg: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(jpeg))
    assert image.format == "JPEG"
    return image


def test_thumbnail_resembles_the_picture(file, path):
    image = open_jpeg(ThumbnailCache(file).get(path))
    assert image.size == (160, 160)
    exact = np.asarray(Image.open(path).resize((160, 160), Image.Resampling.BOX), float)
    assert np.abs(np.asarray(image, float) - exact).mean() < 12


@pytest.mark.parametrize(
    ("size", "side_px", "expected"),
    [
        ((400, 200), 160, (160, 80)),
        ((200, 400), 64, (32, 64)),
        ((3000, 2), 100, (100, 1)),
        ((20, 30), 160, (20, 30)),
    ],
)
def test_longer_side_is_limited_and_never_enlarged(file, tmp_path, size, side_px, expected):
    path = tmp_path / "a.png"
    Image.new("RGB", size, "red").save(path)
    assert open_jpeg(ThumbnailCache(file).get(path, side_px)).size == expected


def test_each_size_is_cached(file, path):
    cache = ThumbnailCache(file)
    sizes = [open_jpeg(cache.get(path, side_px)).width for side_px in (40, 80, 40, 80)]
    assert sizes == [40, 80, 40, 80]


def test_fits_has_a_thumbnail(file, tmp_path):
    from astropy.io import fits

    fits.PrimaryHDU(draw_blob(1)[..., 0].astype(np.float32)).writeto(tmp_path / "M 13.fits")
    assert open_jpeg(ThumbnailCache(file).get(tmp_path / "M 13.fits", 32)).size == (32, 32)


@pytest.mark.parametrize(("name", "data"), [("a.jpg", b"\xff\xd8\xff"), ("a.jpg", b"<html>")])
def test_bad_or_missing_picture_raises_image_error(file, tmp_path, name, data):
    (tmp_path / name).write_bytes(data)
    for _ in range(2):
        with pytest.raises(ImageError, match=r"^a\.jpg "):
            ThumbnailCache(file).get(tmp_path / name)
    with pytest.raises(ImageError, match=r"gone\.jpg could not be opened"):
        ThumbnailCache(file).get(tmp_path / "gone.jpg")


def test_identical_files_share_one_thumbnail(file, path, tmp_path, monkeypatch):
    jpeg = ThumbnailCache(file).get(path)
    (tmp_path / "copy.png").write_bytes(path.read_bytes())
    monkeypatch.setattr(thumbnails, "decode_image", None)
    assert ThumbnailCache(file).get(tmp_path / "copy.png") == jpeg


def test_cached_thumbnail_opens_no_file(file, path, monkeypatch):
    monkeypatch.setattr(file_hashes, "SETTLED_NS", -(10**18))
    jpeg = ThumbnailCache(file).get(path)
    monkeypatch.setattr(thumbnails, "read_bytes", None)
    assert ThumbnailCache(file).get(path) == jpeg


def test_new_size_of_known_file_is_drawn(file, path, monkeypatch):
    monkeypatch.setattr(file_hashes, "SETTLED_NS", -(10**18))
    ThumbnailCache(file).get(path)
    assert open_jpeg(ThumbnailCache(file).get(path, 40)).size == (40, 40)


def test_edited_picture_gets_a_new_thumbnail(file, path, monkeypatch):
    monkeypatch.setattr(file_hashes, "SETTLED_NS", -(10**18))
    cache = ThumbnailCache(file)
    before = cache.get(path)
    save_picture(path, draw_blob(2, (250, 80, 60), 400))
    assert cache.get(path) != before


def test_many_thumbnails_come_in_order_with_errors(file, path, tmp_path):
    bad = tmp_path / "bad.png"
    bad.write_text("x")
    other = save_picture(tmp_path / "other.png", draw_blob(2))
    cache = ThumbnailCache(file)
    one, problem, two = cache.get_many([path, bad, other], 40)
    assert (one, two) == (cache.get(path, 40), cache.get(other, 40))
    assert isinstance(problem, ImageError)


@pytest.mark.parametrize("change", ["zeroblob(500)", "substr(jpeg, 1, 300)", "NULL", "'text'", "7"])
def test_damaged_thumbnail_is_drawn_again(file, path, change):
    cache = ThumbnailCache(file)
    jpeg = cache.get(path)
    with contextlib.closing(sqlite3.connect(file.path)) as connection, connection:
        connection.execute(f"UPDATE thumbnails SET jpeg = {change}")
    assert cache.get(path) == jpeg


def test_thumbnail_of_an_earlier_version_is_drawn_again(file, path):
    cache = ThumbnailCache(file)
    jpeg = cache.get(path)
    with contextlib.closing(sqlite3.connect(file.path)) as connection, connection:
        connection.execute("UPDATE thumbnails SET jpeg = ?", (jpeg,))  # without a checksum
    assert cache.get(path) == jpeg
