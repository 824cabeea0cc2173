from __future__ import annotations

import io

import numpy as np
import pytest
from astropy.io import fits

from cluster_core.images import list_fits_pictures


def make(primary=None, extension=None, dtype=">i2") -> bytes:
    first = fits.PrimaryHDU(None if extension is not None else np.zeros((4, 6), dtype))
    first.header.update(primary or {})
    parts = [first]
    if extension is not None:
        parts.append(fits.ImageHDU(np.zeros((4, 6), dtype), name="SCI"))
        parts[1].header.update(extension)
    file = io.BytesIO()
    fits.HDUList(parts).writeto(file)
    return file.getvalue()


def read(data: bytes) -> dict[str, str]:
    (picture,) = list_fits_pictures(data, "a.fits")
    return dict(picture.cards)


def test_the_header_is_told_in_words():
    header = {
        "OBJECT": "M 13",
        "TELESCOP": "INT",
        "INSTRUME": "WFC",
        "FILTER": "V",
        "EXPTIME": 120.0,
        "DATE-OBS": "2020-05-01T22:10:00",
    }
    assert read(make(header)) == {
        "Object": "M 13",
        "Telescope": "INT",
        "Instrument": "WFC",
        "Filter": "V",
        "Exposure": "120 s",
        "Date": "2020-05-01T22:10:00",
    }


def test_what_a_part_leaves_out_the_first_header_may_say():
    data = make({"OBJECT": "M 13", "FILTER": "V"}, {"FILTER": "R"})
    assert read(data) == {"Object": "M 13", "Filter": "R"}


def test_an_exposure_of_unknown_unit_gets_none():
    assert read(make({"EXPOSURE": 65.0})) == {"Exposure": "65.0"}


@pytest.mark.parametrize("value", ["", "   ", True])
def test_what_says_nothing_is_left_out(value):
    assert read(make({"OBJECT": value})) == {}


def test_an_empty_header_is_no_error():
    assert read(make()) == {}


@pytest.mark.parametrize(
    "card",
    [
        b"OBJECT  = 'no end of the text",
        b"OBJECT  = \x01\x02\xff\xfe",
        b"OBJECT  = 1E999",
        b"EXPTIME = nan",
        b"OBJECT  = (1, 2",
        b"DATE-OBS= ''''''''''",
    ],
)
def test_a_card_that_cannot_be_read_costs_no_picture(card):
    data = make({"OBJECT": "M 13", "TELESCOP": "INT"})
    place = data.find(card[:8]) if card[:8] in data else data.find(b"OBJECT")
    damaged = data[:place] + card.ljust(80) + data[place + 80 :]
    cards = read(damaged)
    assert cards["Telescope"] == "INT"
    assert all(text.isprintable() and len(text) <= 80 for text in cards.values())


@pytest.mark.parametrize(
    ("dtype", "words"),
    [
        ("u1", "8 bits, whole numbers"),
        (">i2", "16 bits, whole numbers"),
        (">f4", "32 bits, floating point"),
        (">f8", "64 bits, floating point"),
    ],
)
def test_the_kind_of_values_is_told(dtype, words):
    (picture,) = list_fits_pictures(make(dtype=dtype), "a.fits")
    assert picture.value_type == words


def test_of_a_compressed_picture_its_own_kind_is_told():
    file = io.BytesIO()
    values = np.arange(100, dtype=">i2").reshape(10, 10)
    fits.HDUList([fits.PrimaryHDU(), fits.CompImageHDU(values, compression_type="RICE_1")]).writeto(
        file
    )
    (picture,) = list_fits_pictures(file.getvalue(), "a.fits")
    assert picture.value_type == "16 bits, whole numbers"
