"""Simple traits of pictures."""

from __future__ import annotations

import io
from dataclasses import asdict

import numpy as np
import pytest
from PIL import Image, ImageFilter

from cluster_core.data.index import scan_dataset
from cluster_core.health import looks
from cluster_core.health.looks import LookCache, measure_blur, measure_look
from cluster_core.health.outliers import MAX_BLUR
from cluster_core.storage.cache_file import CacheFile
from tests.samples import draw_blob, write_photos


def encode(image: Image.Image, **options) -> bytes:
    file = io.BytesIO()
    image.save(file, **({"format": "PNG"} | options))
    return file.getvalue()


@pytest.mark.parametrize("brightness", [1, 0.2])
def test_blur_grows_with_the_radius_also_in_dark_pictures(brightness):
    image = Image.fromarray(draw_blob(0, size_px=200)).convert("L")
    blurred = [image.filter(ImageFilter.GaussianBlur(radius)) for radius in (0, 1, 2, 4, 8)]
    found = [measure_blur(np.round(np.asarray(one, float) * brightness)) for one in blurred]
    assert found == sorted(found)
    assert found[0] < 0.2
    assert found[3] > MAX_BLUR


@pytest.mark.parametrize("shape", [(1, 1), (5, 300), (300, 9), (12, 12)])
def test_blur_of_any_shape_is_a_share(shape):
    grey = np.random.default_rng(0).random(shape) * 255
    assert 0 <= measure_blur(grey) <= 1
    assert measure_blur(np.zeros(shape)) == 0


def test_look_describes_colour_border_and_type():
    pixels = np.full((100, 100, 3), (200, 100, 100), np.uint8)
    pixels[:, ::2] = 0
    pixels[:10] = pixels[-10:] = 255
    look = measure_look(encode(Image.fromarray(pixels)), "a.png")
    assert look.border == pytest.approx(0.2)
    assert look.red > 0.1
    assert look.blue == pytest.approx(0, abs=0.01)
    assert look.file_type == "PNG"
    assert look.darkest < look.brightness < look.brightest <= 1


def test_camera_is_read_from_exif():
    exif = Image.Exif()
    exif[271], exif[272] = "Canon", "EOS R6"
    image = Image.fromarray(draw_blob(0))
    look = measure_look(encode(image, format="JPEG", exif=exif), "a.jpg")
    assert (look.source, look.file_type) == ("Canon EOS R6", "JPEG")


def test_looks_are_cached_by_content(workspace, monkeypatch):
    write_photos(workspace.cluster_photos, 3)
    seen = []
    with CacheFile(workspace.bottlenecks) as file:
        pictures = scan_dataset(workspace.cluster_photos, file).pictures
        first = LookCache(file).measure(pictures, lambda done, total: seen.append((done, total)))
        monkeypatch.setattr(looks, "read_bytes", None)
        again = LookCache(file).measure(pictures, lambda done, total: None)
    assert seen[-1] == (6, 6)
    assert [asdict(one) for one in first] == [asdict(one) for one in again]


def test_picture_that_is_gone_has_no_look(workspace):
    write_photos(workspace.cluster_photos, 2)
    with CacheFile(workspace.bottlenecks) as file:
        pictures = scan_dataset(workspace.cluster_photos, file).pictures
        pictures[0].path.unlink()
        found = LookCache(file).measure(pictures, lambda done, total: None)
    assert [look is None for look in found] == [True, False, False, False]
