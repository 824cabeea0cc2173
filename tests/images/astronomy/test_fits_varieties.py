"""FITS as capture and processing programs write it: axes, extensions, mosaics, fillers."""

from __future__ import annotations

import bz2
import itertools

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
)
from cluster_core.images.astronomy.fits_axes import find_axes
from tests.images.pictures import sky, with_card, write_fits

LINEAR = FitsStretch(interval="minmax", function="linear")


def write(values, **cards):
    hdu = fits.PrimaryHDU(values)
    hdu.header.update({key.replace("_", "-"): value for key, value in cards.items()})
    return write_fits(hdu)


def colours(height=64, width=80):
    """Return a red star above a blue one, shape (3, height, width), on even noise."""
    planes = np.stack([sky(height, width)] * 3)
    planes[1:, 4:7, 6:9] -= 3900.0
    planes[2, 50:53, 40:43] += 4000.0
    return np.rint(planes).astype(np.uint16)


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ((64, 80), ((), 64, 80, 1)),
        ((3, 64, 80), ((3,), 64, 80, 1)),
        ((4, 64, 80), ((4,), 64, 80, 1)),
        ((64, 80, 3), ((), 64, 80, 3)),
        ((64, 80, 4), ((), 64, 80, 4)),
        ((1, 64, 80, 1), ((1,), 64, 80, 1)),
        ((64, 80, 1), ((), 64, 80, 1)),
        ((2, 64, 80, 3), ((2,), 64, 80, 3)),
        ((64, 80, 5), ((64,), 80, 5, 1)),
        ((5, 6, 3), ((5,), 6, 3, 1)),
    ],
)
def test_axes_are_decided_by_their_lengths(shape, expected):
    axes = find_axes(shape)
    assert (axes.leading, axes.height, axes.width, axes.n_last) == expected


@pytest.mark.parametrize("shape", [(), (64,), (1, 64), (64, 1), (5, 1, 64), (0, 8, 8), (1, 1, 1)])
def test_spectrum_has_no_picture(shape):
    assert find_axes(shape) is None


@pytest.mark.parametrize("n_last", [3, 4])
@pytest.mark.parametrize("compressed", [False, True])
def test_colours_on_the_last_axis_equal_colour_planes(n_last, compressed):
    planes = colours()
    pixels = np.stack([*planes, planes[0] * 0 + 7][:n_last], axis=-1)
    last = fits.CompImageHDU(pixels) if compressed else fits.ImageHDU(pixels)
    data = write_fits(fits.PrimaryHDU(), last)
    assert np.array_equal(decode_fits(data, "a"), decode_fits(write(planes), "a"))
    assert [part.planes for part in list_fits_pictures(data, "a")] == [3]
    blue = decode_fits(data, "a", plane=2)
    assert np.array_equal(blue, decode_fits(write(planes[2]), "a"))


def test_too_many_tiles_are_rejected():
    picture = fits.CompImageHDU(np.zeros((60, 80), np.int16), compression_type="NOCOMPRESS")
    data = write_fits(fits.PrimaryHDU(), picture)
    for key, value in (("ZNAXIS1", "4000"), ("ZNAXIS2", "4000"), ("ZTILE1", "20")):
        data = with_card(data, key, value)
    with pytest.raises(ImageError, match="800,000 pieces") as caught:
        decode_fits(data, "a")
    assert caught.value.reason == ImageProblem.UNSUPPORTED


@pytest.mark.parametrize("shape", [(64, 80, 1), (1, 64, 80, 1), (1, 1, 64, 80)])
def test_axes_of_length_one_are_ignored(shape):
    expected = decode_fits(write(sky()), "a")
    assert np.array_equal(decode_fits(write(sky().reshape(shape)), "a"), expected)


@pytest.mark.parametrize("name", ["DQ", "ERR", "WHT", "MASK", "VAR_POISSON", "uncert", "bad_mask"])
def test_science_extension_comes_before_others(name):
    other, science = fits.ImageHDU(sky(30, 40), name=name), fits.ImageHDU(sky(), name="SCI")
    data = write_fits(fits.PrimaryHDU(), other, science)
    assert decode_fits(data, "a").shape == (64, 80, 3)
    assert [part.hdu for part in list_fits_pictures(data, "a")] == [2, 1]
    assert decode_fits(data, "a", hdu=1).shape == (30, 40, 3)
    unnamed = write_fits(fits.PrimaryHDU(), other, fits.ImageHDU(sky()))
    assert decode_fits(unnamed, "a").shape == (64, 80, 3)


def test_auxiliary_extension_alone_is_shown():
    data = write_fits(fits.PrimaryHDU(), fits.ImageHDU(sky(), name="WHT"))
    assert decode_fits(data, "a").any()


@pytest.mark.parametrize("value", [0.0, 5.0, np.nan])
def test_empty_or_constant_extension_is_skipped(value):
    empty = fits.ImageHDU(np.full((64, 80), value), name="SCI")
    data = write_fits(fits.PrimaryHDU(), empty, fits.ImageHDU(sky(), name="DATA2"))
    assert np.array_equal(decode_fits(data, "a"), decode_fits(write(sky()), "a"))
    assert list_fits_pictures(data, "a")[0].hdu == 2


def test_thumbnail_is_skipped():
    data = write_fits(fits.PrimaryHDU(sky(10, 12)), fits.ImageHDU(sky()))
    assert decode_fits(data, "a").shape == (64, 80, 3)


def test_first_plane_that_holds_something_is_shown():
    cube = np.stack([np.full((64, 80), np.nan), np.zeros((64, 80)), sky(), 2 * sky(), sky()])
    data = write(cube)
    assert np.array_equal(decode_fits(data, "a"), decode_fits(write(sky()), "a"))
    assert list_fits_pictures(data, "a")[0].first_plane == 2
    assert not decode_fits(data, "a", plane=1).any()
    with pytest.raises(ImageError) as caught:
        decode_fits(data, "a", plane=0)
    assert caught.value.reason == ImageProblem.NO_PICTURE


def test_search_for_a_picture_is_bounded():
    cube = np.full((300, 4, 4), np.nan, np.float32)
    cube[299] = np.arange(16).reshape(4, 4)
    with pytest.raises(ImageError):
        decode_fits(write(cube), "a")
    small = ImageLimits(max_pixels=16)
    with pytest.raises(ImageError):
        decode_fits(write(cube[-9:]), "a", limits=small)


def test_damaged_extension_after_the_picture_is_ignored():
    data = write_fits(fits.PrimaryHDU(sky()), fits.ImageHDU(sky(), name="ERR"))
    end = data.index(b"XTENSION")
    damaged = data[:end] + with_card(data[end:], "BITPIX", "7")
    assert np.array_equal(decode_fits(damaged, "a"), decode_fits(write(sky()), "a"))


@pytest.mark.parametrize(
    ("key", "value"),
    [("BITPIX", "-32.0"), ("BITPIX", "'-32     '"), ("NAXIS1", "8.E1"), ("NAXIS", "'2       '")],
)
def test_size_or_type_written_as_another_kind_of_number_is_read(key, value):
    data = write(sky().astype(np.float32))
    changed = with_card(data, key, value)
    assert np.array_equal(decode_fits(changed, "a"), decode_fits(data, "a"))


def test_top_down_rows_are_not_flipped():
    upright = decode_fits(write(sky(), ROWORDER="TOP-DOWN"), "a")
    assert np.array_equal(upright[::-1], decode_fits(write(sky()), "a"))
    assert upright[5, 7, 0] == 255


@pytest.mark.parametrize("zero", ["'32768   '", "'32768,0 '", "32768,0", "3.2768D4", "'32768.0'"])
@pytest.mark.parametrize("scale", ["1", "'1.0     '", "'1,0     '", "'none    '", "0"])
def test_scaling_as_text_or_with_comma_is_read(zero, scale):
    data = write(np.rint(sky()).astype(np.uint16))
    expected = decode_fits(data, "a", stretch=LINEAR)
    changed = with_card(with_card(data, "BZERO", zero), "BSCALE", scale)
    assert np.array_equal(decode_fits(changed, "a", stretch=LINEAR), expected)


def test_other_damaged_cards_do_not_prevent_reading():
    data = write(np.rint(sky()).astype(np.int16), EXTVER=1, OBSERVER="me", EXTNAME="x")
    expected = decode_fits(data, "a")
    for key in ("EXTVER", "OBSERVER", "EXTNAME"):
        changed = with_card(data, key, "(1, 2 'x")
        assert np.array_equal(decode_fits(changed, "a"), expected)


@pytest.mark.parametrize("key", ["NAXIS", "NAXIS1", "BITPIX"])
def test_repeated_card_is_ignored(key):
    data = write(sky(), SPARE=1)
    changed = data.replace(b"SPARE   =                    1", f"{key:8}= {999999999:>20}".encode())
    assert changed != data
    assert np.array_equal(decode_fits(changed, "a"), decode_fits(data, "a"))


@pytest.mark.parametrize(
    ("dtype", "filler"),
    [
        *itertools.product([np.int16, np.int32, np.float32, np.float64], [-32768, 0, -999]),
        *itertools.product([np.float32, np.float64], [-99999, 65535, 1e30, -3.4e38, np.inf]),
        (np.uint16, 65535),
    ],
)
def test_filler_at_the_border_is_black_and_does_not_set_the_range(dtype, filler):
    values = np.rint(sky())
    values[:4], values[:, :5] = filler, filler
    inner = values[4:, 5:]
    levels = decode_fits(write(values.astype(dtype)), "a", stretch=LINEAR)[::-1, :, 0]
    assert not levels[:4].any()
    assert not levels[:, :5].any()
    expected = decode_fits(write(inner.astype(dtype)), "a", stretch=LINEAR)[::-1, :, 0]
    assert np.array_equal(levels[4:, 5:], expected)


def test_scaled_filler_is_recognised():
    values = np.rint(sky()).astype(np.int16)
    values[:, :5] = -32768
    plain = write(values, TEMP=0.1)
    scaled = plain.replace(b"TEMP    =", b"BSCALE  =")
    levels = decode_fits(scaled, "a").astype(int)
    assert np.abs(levels - decode_fits(plain, "a")).max() <= 1


@pytest.mark.parametrize("background", [np.uint8, np.float32])
def test_black_background_is_not_a_filler(background):
    values = np.zeros((64, 80))
    values[8:56, 10:70] = np.linspace(80, 250, 60)
    levels = decode_fits(write(values.astype(background)), "a", stretch=LINEAR)
    assert levels[32, 12, 0] > 60


def test_photon_counts_keep_their_zeros():
    counts = np.random.default_rng(0).poisson(0.05, (64, 80)).astype(np.int16)
    levels = decode_fits(write(counts), "a", stretch=LINEAR)[::-1, :, 0]
    assert (levels[counts == 1] > 0).all()


def mosaic(planes, pattern):
    values = np.empty(planes.shape[1:], planes.dtype)
    for cell, letter in enumerate(pattern):
        at = np.s_[cell // 2 :: 2, cell % 2 :: 2]
        values[at] = planes["RGB".index(letter)][at]
    return values


def wide_colours():
    """Return a red and a blue blob, each on one side, shape (3, 64, 80); file order."""
    y, x = np.mgrid[:64, :80]
    planes = np.full((3, 64, 80), 1000.0)
    planes[0] += 4000 * np.exp(-((x - 20) ** 2 + (y - 20) ** 2) / 60)
    planes[2] += 4000 * np.exp(-((x - 60) ** 2 + (y - 44) ** 2) / 60)
    return np.rint(planes).astype(np.uint16)


@pytest.mark.parametrize("pattern", ["RGGB", "BGGR", "GRBG", "GBRG"])
@pytest.mark.parametrize("keyword", ["BAYERPAT", "COLORTYP"])
def test_mosaic_is_shown_in_colour(pattern, keyword):
    data = write(mosaic(wide_colours(), pattern), **{keyword: pattern})
    pixels = decode_fits(data, "a")[::-1].astype(int)
    assert pixels.shape == (64, 80, 3)
    assert pixels[20, 20, 0] > pixels[20, 20, 1:].max() + 100
    assert pixels[44, 60, 2] > pixels[44, 60, :2].max() + 100
    expected = decode_fits(write(wide_colours()), "a")[::-1].astype(int)
    assert np.abs(pixels - expected).mean() < 3


@pytest.mark.parametrize(
    ("cards", "stored"),
    [
        ({"XBAYROFF": 1}, "GRBG"),
        ({"YBAYROFF": 1}, "GBRG"),
        ({"XBAYROFF": 1, "YBAYROFF": 1}, "BGGR"),
        ({"XBAYROFF": "1,0"}, "GRBG"),
        ({"ROWORDER": "TOP-DOWN"}, "RGGB"),
        ({"ROWORDER": "BOTTOM-UP"}, "GBRG"),
    ],
)
def test_offset_and_row_order_shift_the_mosaic(cards, stored):
    values = mosaic(wide_colours(), stored)
    shifted = decode_fits(write(values, BAYERPAT="RGGB", **cards), "a")
    assert np.array_equal(shifted, decode_fits(write(values, BAYERPAT=stored), "a"))


def test_mosaic_has_a_neutral_sky():
    planes = wide_colours() * np.array([0.5, 1.0, 0.6])[:, np.newaxis, np.newaxis]
    data = write(mosaic(np.rint(planes), "RGGB"), BAYERPAT="RGGB")
    corner = decode_fits(data, "a")[:8, :8].astype(int)
    assert np.abs(corner - corner[..., :1]).max() <= 3


def test_colour_planes_are_not_taken_for_a_mosaic():
    plain, declared = write(colours()), write(colours(), BAYERPAT="RGGB")
    assert np.array_equal(decode_fits(declared, "a"), decode_fits(plain, "a"))


def test_large_mosaic_is_shown_at_half_the_size():
    data = write(
        np.zeros((3001, 4001), np.uint8) + np.arange(4001, dtype=np.uint8), BAYERPAT="RGGB"
    )
    assert decode_fits(data, "a").shape == (1500, 2000, 3)


def test_bzip2_is_lossless_and_bounded():
    data = write(sky())
    packed = bz2.compress(data)
    assert np.array_equal(decode_image(packed, "a.fits.bz2"), decode_fits(data, "a"))
    for damaged, reason in (
        (packed[:-20], ImageProblem.UNREADABLE),
        (packed[:60] + b"?" + packed[61:], ImageProblem.UNREADABLE),
        (bz2.compress(b"hello"), ImageProblem.UNSUPPORTED),
        (bz2.compress(data + bytes(3_000_000)), ImageProblem.TOO_LARGE),
    ):
        with pytest.raises(ImageError, match=r"bzip2|unpacks") as caught:
            decode_image(damaged, "a", limits=ImageLimits(max_unpacked_bytes=4_000_000))
        assert caught.value.reason == reason
