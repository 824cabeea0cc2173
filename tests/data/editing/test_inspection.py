"""Checks of pictures before they are stored."""

from __future__ import annotations

import gzip
import io
import time
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from cluster_core.data.editing.inspection import ClassContents, clean_file_name, inspect_picture
from cluster_core.data.facts import compute_facts
from cluster_core.errors import ImageError, ImageProblem
from tests.samples import draw_blob


def encode(kind: str, seed: int = 1) -> bytes:
    target = io.BytesIO()
    if kind.startswith("FITS"):
        from astropy.io import fits

        fits.PrimaryHDU(draw_blob(seed)[..., 0].astype(np.float32)).writeto(target)
        return gzip.compress(target.getvalue()) if kind == "FITS.gz" else target.getvalue()
    Image.fromarray(draw_blob(seed)).save(target, kind)
    return target.getvalue()


@pytest.mark.parametrize(
    ("name", "kind", "stored"),
    [
        ("M 13.jpg", "JPEG", "M 13.jpg"),
        ("M 13.JPEG", "JPEG", "M 13.JPEG"),
        ("M 13.jpg", "PNG", "M 13.png"),
        ("M 13.png", "JPEG", "M 13.jpg"),
        ("M 13.jpg", "WEBP", "M 13.webp"),
        ("M 13.jpg", "GIF", "M 13.gif"),
        ("M 13.jpg", "BMP", "M 13.bmp"),
        ("M 13.tif", "TIFF", "M 13.tif"),
        ("M 13.jpg", "TIFF", "M 13.tif"),
        ("M 13.fts", "FITS", "M 13.fts"),
        ("M 13.jpg", "FITS", "M 13.fits"),
        ("M 13.fits.gz", "FITS", "M 13.fits"),
        ("M 13.fits", "FITS.gz", "M 13.fits.gz"),
        ("M 13.FITS.GZ", "FITS.gz", "M 13.FITS.GZ"),
        ("M 13", "PNG", "M 13.png"),
        ("M 13.2", "PNG", "M 13.2.png"),
        ("M 13.exe", "PNG", "M 13.exe.png"),
        (".jpg", "PNG", "jpg.png"),
        ("", "PNG", "picture.png"),
        ("   ", "PNG", "picture.png"),
        ("..", "PNG", "picture.png"),
        ("../../etc/passwd.png", "PNG", "passwd.png"),
        ("C:\\Users\\me\\M 13.png", "PNG", "M 13.png"),
        ("/etc/", "PNG", "picture.png"),
        ("con.png", "PNG", "_con.png"),
        ("NUL", "PNG", "_NUL.png"),
        ("a<b>:\"|?*c.png", "PNG", "a_b______c.png"),
        ("a\0\x1b\nb\u2028.png", "PNG", "ab.png"),
        ("gnp.\u202egpj.png", "PNG", "gnp.gpj.png"),
        ("caf\udce9.png", "PNG", "caf.png"),
        ("Ha\u0308ufen.png", "PNG", "Häufen.png"),
        ("כוכב.png", "PNG", "כוכב.png"),
        ("dots. .png", "PNG", "dots.png"),
        ("x" * 1_000_000 + ".png", "PNG", "x" * 150 + ".png"),
        ("星" * 300 + ".png", "PNG", "星" * 50 + ".png"),
    ],
)  # fmt: skip
def test_file_name_is_safe_and_matches_the_content(name, kind, stored):
    assert inspect_picture(name, encode(kind)).file_name == stored


def test_facts_equal_those_of_a_scan():
    data = encode("PNG")
    picture = inspect_picture("a.png", data)
    assert picture.facts == compute_facts(data, "a.png")
    assert picture.n_bytes == len(data)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"%!PS-Adobe-3.0 EPSF-3.0\n", "PostScript"),
        (b"<!DOCTYPE html><script>alert(1)</script>", "web page"),
        (b"PK\x03\x04" + bytes(100), "ZIP archive"),
        (b"", "empty"),
        (b"GIF89a", "damaged"),
        (encode("PNG")[:200], "damaged"),
    ],
)
def test_other_content_is_rejected_whatever_its_name(data, reason):
    with pytest.raises(ImageError, match=reason) as caught:
        inspect_picture("../M 13.jpg", data)
    assert str(caught.value).startswith("M 13.jpg ")


def test_oversized_picture_is_rejected_before_decoding():
    target = io.BytesIO()
    Image.new("1", (12_000, 12_000)).save(target, "PNG")
    with pytest.raises(ImageError) as caught:
        inspect_picture("M 13.png", target.getvalue())
    assert caught.value.reason is ImageProblem.TOO_LARGE


def test_safe_name_is_unchanged():
    for name in ("M 13.jpg", "Kugelhäufen (2).png", "a.b.c", "-x", "👩‍🚀.png"):
        assert clean_file_name(name) == name


class TestClassContents:
    def test_finds_same_content_under_another_name(self, tmp_path):
        (tmp_path / "kept.png").write_bytes(encode("PNG"))
        same = inspect_picture("other.png", encode("PNG"))
        assert ClassContents(tmp_path).find_same(same) == tmp_path / "kept.png"

    def test_ignores_different_content_of_the_same_size(self, tmp_path):
        one, other = encode("BMP", 1), encode("BMP", 2)
        assert len(one) == len(other)
        (tmp_path / "kept.bmp").write_bytes(one)
        assert ClassContents(tmp_path).find_same(inspect_picture("a.bmp", other)) is None

    def test_finds_pictures_added_later(self, tmp_path):
        contents = ClassContents(tmp_path / "not made yet")
        picture = inspect_picture("a.png", encode("PNG"))
        assert contents.find_same(picture) is None
        contents.add(picture, tmp_path / "a.png")
        assert contents.find_same(picture) == tmp_path / "a.png"

    def test_ignores_hidden_linked_and_deleted_files(self, tmp_path):
        data = encode("PNG")
        (tmp_path / ".draft.part").write_bytes(data)
        (tmp_path / "outside").mkdir()
        (tmp_path / "outside" / "a.png").write_bytes(data)
        (tmp_path / "link.png").symlink_to(tmp_path / "outside" / "a.png")
        (tmp_path / "gone.png").write_bytes(data)
        contents = ClassContents(tmp_path)
        (tmp_path / "gone.png").unlink()
        assert contents.find_same(inspect_picture("a.png", data)) is None

    def test_thousands_of_files_of_one_size_are_compared_quickly(self, tmp_path):
        one = inspect_picture("a.bmp", encode("BMP"))
        contents = ClassContents(tmp_path)
        start_s = time.process_time()
        for number in range(5000):
            picture = replace(one, sha256=f"{number:064}")
            assert contents.find_same(picture) is None
            contents.add(picture, tmp_path / str(number))
        assert time.process_time() - start_s < 1.5
