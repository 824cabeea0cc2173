"""Decoding of FITS files, including damaged and hostile ones."""

from __future__ import annotations

import gzip
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from cluster_core.errors import ImageError, ImageProblem
from cluster_core.images import (
    FitsStretch,
    ImageLimits,
    decode_fits,
    decode_image,
    list_fits_pictures,
    noting_losses,
)
from tests.images.pictures import sky, with_card, write_fits

SHARED = Path(__file__).parents[3].parent / "shared"
LINEAR = FitsStretch(interval="minmax", function="linear")
TILED = ["RICE_1", "GZIP_1", "GZIP_2", "NOCOMPRESS"]


def plain():
    return write_fits(fits.PrimaryHDU(sky().astype(np.float32)))


def tiled(kind="RICE_1", values=None, **options):
    values = np.rint(sky()).astype(np.int16) if values is None else values
    return write_fits(
        fits.PrimaryHDU(), fits.CompImageHDU(values, compression_type=kind, **options)
    )


def table():
    return fits.BinTableHDU.from_columns([fits.Column("mag", "E", array=np.arange(5.0))])


def reason_of(data, **options):
    with pytest.raises(ImageError) as caught:
        decode_fits(data, "a.fits", **options)
    assert "a.fits" in str(caught.value)
    return caught.value.reason


def test_first_row_is_at_the_bottom():
    pixels = decode_fits(plain(), "a")
    assert pixels.shape == (64, 80, 3)
    assert pixels[64 - 6, 7].tolist() == [255] * 3
    assert pixels.flags.c_contiguous


@pytest.mark.parametrize("dtype", ["u1", "i2", "u2", "i4", "i8", "f4", "f8"])
def test_every_dtype_gives_the_same_picture(dtype):
    values = np.rint(sky() / 25).clip(0, 255)
    data = write_fits(fits.PrimaryHDU(values.astype(dtype)))
    expected = decode_fits(write_fits(fits.PrimaryHDU(values)), "a")
    assert np.array_equal(decode_fits(data, "a"), expected)


@pytest.mark.parametrize("kind", TILED)
def test_tile_compression_is_lossless(kind):
    expected = decode_fits(write_fits(fits.PrimaryHDU(np.rint(sky()).astype(np.int16))), "a")
    assert np.array_equal(decode_image(tiled(kind), "a.fz"), expected)


@pytest.mark.parametrize("kind", ["HCOMPRESS_1", "PLIO_1"])
def test_unsafe_compression_is_rejected(kind):
    assert reason_of(tiled(kind)) == ImageProblem.UNSUPPORTED


def test_gzip_is_lossless():
    assert np.array_equal(decode_image(gzip.compress(plain()), "a"), decode_fits(plain(), "a"))


def test_unpadded_last_block_is_read():
    hdu = fits.PrimaryHDU(sky())
    data = plain()[: 2880 + 64 * 80 * 4]
    assert hdu.data.shape == decode_fits(data, "a").shape[:2]


def test_last_rows_that_are_cut_off_are_black_and_noted():
    whole = decode_fits(plain(), "a")
    for cut in (plain()[: 2880 + 60 * 80 * 4], gzip.compress(plain(), 0)[: 2880 + 60 * 80 * 4]):
        with noting_losses() as losses:
            shown = decode_fits(cut, "a")
        assert 0.05 < losses[0] < 0.08
        assert not shown[:4].any()  # FITS stores the bottom row first
        assert np.corrcoef(shown[5:].ravel(), whole[5:].ravel())[0, 1] > 0.95
    assert reason_of(plain()[: 2880 + 40 * 80 * 4]) == ImageProblem.UNREADABLE


def test_trailing_data_is_ignored():
    assert np.array_equal(decode_fits(plain() + b"junk" * 999, "a"), decode_fits(plain(), "a"))


def test_scaled_integers_with_blank_pixels_are_decoded():
    stored = np.arange(20, dtype=np.int16).reshape(4, 5)
    hdu = fits.PrimaryHDU(stored)
    hdu.header["BSCALE"], hdu.header["BZERO"], hdu.header["BLANK"] = 0.5, 100.0, 19
    levels = decode_fits(write_fits(hdu), "a", stretch=LINEAR)[::-1, :, 0]
    expected = np.rint(np.arange(19) * 255 / 18)
    assert np.abs(levels.ravel()[:19] - expected).max() <= 1
    assert levels.ravel()[19] == 0


def test_first_picture_is_default_and_others_selectable():
    spectrum = fits.ImageHDU(np.arange(50.0).reshape(1, 50))
    small, large = fits.ImageHDU(sky(10, 12), name="SCI"), fits.ImageHDU(sky(20, 24))
    data = write_fits(fits.PrimaryHDU(), table(), spectrum, small, large)
    assert decode_fits(data, "a").shape == (10, 12, 3)
    assert decode_fits(data, "a", hdu=4).shape == (20, 24, 3)
    assert reason_of(data, hdu=1) == ImageProblem.NO_PICTURE
    assert reason_of(data, hdu=9) == ImageProblem.NO_PICTURE
    assert [
        (p.hdu, p.name, p.height, p.width, p.planes) for p in list_fits_pictures(data, "a")
    ] == [
        (3, "SCI", 10, 12, 1),
        (4, "", 20, 24, 1),
    ]


def test_three_planes_are_red_green_and_blue():
    cube = np.zeros((3, 10, 12), np.float32)
    cube[0, :5], cube[1, 5:] = 1.0, 1.0
    pixels = decode_fits(write_fits(fits.PrimaryHDU(cube)), "a", stretch=LINEAR)
    assert pixels[9, 0].tolist() == [255, 0, 0]
    assert pixels[0, 0].tolist() == [0, 255, 0]
    alone = decode_fits(write_fits(fits.PrimaryHDU(cube)), "a", plane=1, stretch=LINEAR)
    assert alone[0, 0].tolist() == [255, 255, 255]


@pytest.mark.parametrize("shape", [(5, 10, 12), (1, 5, 10, 12), (5, 1, 10, 12)])
@pytest.mark.parametrize("compressed", [False, True])
def test_planes_are_numbered_from_zero(shape, compressed):
    cube = np.random.default_rng(0).integers(0, 99, shape).astype(np.int16)
    data = tiled(values=cube) if compressed else write_fits(fits.PrimaryHDU(cube))
    planes = cube.reshape(5, 10, 12)
    assert list_fits_pictures(data, "a")[0].planes == 5
    for plane in range(5):
        alone = decode_fits(write_fits(fits.PrimaryHDU(planes[plane])), "a", stretch=LINEAR)
        assert np.array_equal(decode_fits(data, "a", plane=plane, stretch=LINEAR), alone)
    assert np.array_equal(decode_fits(data, "a"), decode_fits(data, "a", plane=0))
    assert reason_of(data, plane=5) == ImageProblem.NO_PICTURE
    assert reason_of(data, plane=-1) == ImageProblem.NO_PICTURE


def test_table_is_rejected_as_a_table():
    with pytest.raises(ImageError, match="contains a table but no picture") as caught:
        decode_image(write_fits(fits.PrimaryHDU(), table()), "gaia.fits")
    assert caught.value.reason == ImageProblem.NO_PICTURE


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_picture_without_finite_values_is_rejected(value):
    data = write_fits(fits.PrimaryHDU(np.full((8, 9), value)))
    assert reason_of(data) == ImageProblem.NO_PICTURE


def test_constant_picture_is_black():
    assert not decode_fits(write_fits(fits.PrimaryHDU(np.full((8, 9), 7.0))), "a").any()


@pytest.mark.parametrize(
    ("key", "value", "reason"),
    [
        ("NAXIS", "1000000000", ImageProblem.UNREADABLE),
        ("NAXIS", "-1", ImageProblem.UNREADABLE),
        ("NAXIS", "3", ImageProblem.UNREADABLE),
        ("NAXIS1", "-5", ImageProblem.UNREADABLE),
        ("NAXIS1", "1.5", ImageProblem.UNREADABLE),
        ("NAXIS1", "'wide'", ImageProblem.UNREADABLE),
        ("NAXIS1", "T", ImageProblem.UNREADABLE),
        ("NAXIS1", "9999999999", ImageProblem.TOO_LARGE),
        ("NAXIS1", "9" * 20, ImageProblem.UNREADABLE),
        ("NAXIS1", "120", ImageProblem.UNREADABLE),
        ("NAXIS1", "0", ImageProblem.NO_PICTURE),
        ("BITPIX", "7", ImageProblem.UNREADABLE),
        ("SIMPLE", "F", ImageProblem.UNREADABLE),
    ],
)
def test_impossible_sizes_are_rejected(key, value, reason):
    data = plain()[: 2880 + 64 * 80 * 4]
    assert reason_of(with_card(data, key, value)) == reason


@pytest.mark.parametrize(
    ("key", "value", "reason"),
    [
        ("ZNAXIS", "100000", ImageProblem.UNREADABLE),
        ("ZNAXIS1", "1000000000", ImageProblem.TOO_LARGE),
        ("ZNAXIS1", "-80", ImageProblem.UNREADABLE),
        ("ZNAXIS1", "50000", ImageProblem.UNREADABLE),
        ("ZTILE2", "0", ImageProblem.UNREADABLE),
        ("TFIELDS", "999999999", ImageProblem.UNREADABLE),
        ("PCOUNT", "999999999", ImageProblem.UNREADABLE),
        ("TFORM1", "'iPB(78) '", ImageProblem.UNREADABLE),
        ("ZVAL1", "-1", ImageProblem.UNREADABLE),  # pixels per block
        ("ZVAL2", "16", ImageProblem.UNREADABLE),  # bytes per pixel
    ],
)
def test_impossible_compressed_headers_are_rejected(key, value, reason):
    assert reason_of(with_card(tiled(), key, value)) == reason


def test_oversized_gzipped_tile_is_rejected():
    data = tiled("GZIP_1", np.zeros((1000, 1000), np.uint8), tile_shape=(1000, 1000))
    assert decode_fits(data, "a").shape == (1000, 1000, 3)
    for key in ("ZNAXIS1", "ZNAXIS2", "ZTILE1", "ZTILE2"):
        data = with_card(data, key, "100")
    with pytest.raises(ImageError) as caught:
        decode_fits(data, "a")
    assert "more than its header says" in str(caught.value.__cause__)


def test_depth_of_tiles_counts_towards_the_pixel_limit():
    cube = np.zeros((20, 10, 12), np.int16)
    data = tiled(values=cube, tile_shape=(20, 10, 12))
    assert reason_of(data, limits=ImageLimits(max_pixels=500)) == ImageProblem.TOO_LARGE


def test_oversized_gzip_is_rejected():
    data = gzip.compress(plain() + bytes(3_000_000))
    limits = ImageLimits(max_unpacked_bytes=1_000_000)
    assert reason_of(data, limits=limits) == ImageProblem.TOO_LARGE
    assert reason_of(data[:1000]) == ImageProblem.UNREADABLE
    assert reason_of(gzip.compress(b"hello")) == ImageProblem.UNSUPPORTED


def test_header_without_end_is_rejected():
    assert reason_of(b"SIMPLE  =                    T".ljust(2880 * 3)) == ImageProblem.UNREADABLE
    assert reason_of(b"") == ImageProblem.UNREADABLE


@pytest.mark.skipif(not SHARED.exists(), reason="the real FITS files are not here")
def test_real_files_show_a_dark_sky_with_bright_stars():
    for name in ("M13_stack*", "M67_V*", "cepheid*", "M51*"):
        path = next((SHARED / "fits").glob(name))
        levels = decode_image(path.read_bytes(), path.name)
        assert 5 < np.median(levels) < 60
        assert 0.0005 < (levels == 255).mean() < 0.01


@pytest.mark.parametrize("level", [1000.0, 0.0])
def test_unpadded_header_is_not_shown_as_shifted_pixels(level):
    pixels = np.rint(sky(level=level)).astype(np.int16)
    pixels[: 40 if level == 0 else 0] = 0  # which looks like padding
    data = write_fits(fits.PrimaryHDU(pixels))
    header = data[: data.index(b"END" + b" " * 77) + 80]
    cut = header + data[2880 : 2880 + pixels.nbytes]
    with pytest.raises(ImageError, match="rest of its header") as caught:
        decode_fits(cut, "a")
    assert caught.value.reason == ImageProblem.UNREADABLE


def test_cube_that_is_cut_off_takes_little_memory():
    data = write_fits(fits.PrimaryHDU(np.zeros((100, 100, 100), np.uint8)))[:-4000]
    tracemalloc.start()
    decode_fits(data, "a")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 5 * len(data)
