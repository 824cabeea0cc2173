"""Header values of FITS pictures."""

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


def test_header_is_read_by_topic():
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


def test_missing_cards_come_from_the_first_header():
    data = make({"OBJECT": "M 13", "FILTER": "V"}, {"FILTER": "R"})
    assert read(data) == {"Object": "M 13", "Filter": "R"}


def test_exposure_of_unknown_unit_has_no_unit():
    assert read(make({"EXPOSURE": 65.0})) == {"Exposure": "65.0"}


@pytest.mark.parametrize("value", ["", "   ", True])
def test_empty_value_is_left_out(value):
    assert read(make({"OBJECT": value})) == {}


def test_empty_header_has_no_cards():
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
def test_damaged_card_does_not_prevent_reading(card):
    data = make({"OBJECT": "M 13", "TELESCOP": "INT"})
    offset = data.find(card[:8]) if card[:8] in data else data.find(b"OBJECT")
    damaged = data[:offset] + card.ljust(80) + data[offset + 80 :]
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
def test_value_type_is_described(dtype, words):
    (picture,) = list_fits_pictures(make(dtype=dtype), "a.fits")
    assert picture.value_type == words


def test_value_type_of_compressed_picture_is_described():
    file = io.BytesIO()
    values = np.arange(100, dtype=">i2").reshape(10, 10)
    fits.HDUList([fits.PrimaryHDU(), fits.CompImageHDU(values, compression_type="RICE_1")]).writeto(
        file
    )
    (picture,) = list_fits_pictures(file.getvalue(), "a.fits")
    assert picture.value_type == "16 bits, whole numbers"
