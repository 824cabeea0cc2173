"""Recognition of file kinds."""

from __future__ import annotations

from pathlib import Path

import pytest

from cluster_core.images import has_image_suffix
from cluster_core.images.sniffing import describe_other, is_fits, raster_format


@pytest.mark.parametrize(
    "name",
    [
        "a.jpg",
        "a.JPEG",
        "a.b.Png",
        "a.webp",
        "a.TIF",
        "a.fits",
        "a.fts",
        "a.fits.gz",
        "a.fz",
        "a.HEIC",
        "a.avif",
        "a.jp2",
        "a.CR2",
        "a.raf",
    ],
)
def test_picture_suffix_is_recognised(name):
    assert has_image_suffix(Path("folder") / name)


@pytest.mark.parametrize("name", ["a.txt", "jpg", ".jpg", "a.tar.gz", "a.gz", "a.jpg.part"])
def test_other_suffix_is_not_recognised(name):
    assert not has_image_suffix(Path("folder") / name)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"%!PS-Adobe-3.0 EPSF-3.0", "PostScript"),
        (b"\n  <!doctype html><title>", "HTML"),
        (b"\xef\xbb\xbf<html>", "HTML"),
        (b"%PDF-1.7", "PDF"),
        (b"\0\0\0\x18ftypcrx \0\0\0\1crx isom", "camera raw"),
        (b"FUJIFILMCCD-RAW 0201", "camera raw"),
        (b"\0\0\0\x18ftypisom", "video"),
        (b"RIFF\0\0\0\0WAVE", "sound"),
        (b"\x1f\x9d\x90", "compress"),
        (b"7z\xbc\xaf\x27\x1c", "7-Zip"),
        (b"Rar!\x1a\7\0", "RAR"),
        (b"\x89HDF\r\n\x1a\n", "HDF5"),
        (b"\x93NUMPY\1\0", "NumPy"),
        (b"P5 9 9 255\n", "PGM"),
        (b"p1,p2\n3,4\n", "a text file"),
        (b"version https://git-lfs.github.com/spec/v1\n", "a text file"),
    ],
)
def test_other_kind_is_described(data, words):
    assert words in describe_other(data)
    assert raster_format(data) is None
    assert not is_fits(data)


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "HEIC"),
        (b"\0\0\0\x18ftypmif1\0\0\0\0heicmif1", "HEIC"),
        (b"\0\0\0\x18ftypmif1\0\0\0\0avifmif1", "AVIF"),
        (b"\0\0\0\x18ftypavis\0\0\0\0avifmif1", "AVIF"),
        (b"\0\0\0\x0cjP  \r\n\x87\n", "JPEG 2000"),
        (b"\xff\x4f\xff\x51\0\x2f", "JPEG 2000"),
    ],
)
def test_phone_formats_are_recognised_by_content(data, kind):
    assert raster_format(data) == kind


@pytest.mark.parametrize("data", [b"", b"\0hello", b"MZ\x90\0"])
def test_unknown_kind_is_not_guessed(data):
    assert describe_other(data) is None
    assert raster_format(data) is None
