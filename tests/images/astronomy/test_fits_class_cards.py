"""Cards with an answer in FITS files: nothing else of the file changes."""

from __future__ import annotations

import bz2
import gzip
import io
import warnings

import numpy as np
import pytest
from astropy.io import fits

from cluster_core.errors import ImageError
from cluster_core.images import ImageLimits, add_class_cards

ANSWER = ("globular clusters", 0.987654321, "Sternhaufen für M 13")
PICTURE = np.arange(900, dtype=np.int16).reshape(30, 30)


def write(*parts, **options) -> bytes:
    file = io.BytesIO()
    fits.HDUList(list(parts)).writeto(file, **options)
    return file.getvalue()


def make_many_parts() -> bytes:
    table = fits.BinTableHDU.from_columns([fits.Column("x", "E", array=[1.0, 2.0])])
    first = fits.PrimaryHDU(PICTURE)
    first.header["OBJECT"] = "M 13"
    first.header["HISTORY"] = "END     of the night"
    return write(first, fits.CompImageHDU(PICTURE), table)


def read_first_header(data: bytes) -> fits.Header:
    return fits.Header.fromfile(io.BytesIO(data))


def split(data: bytes) -> tuple[list[str], bytes]:
    """Return the cards of the first header, and all bytes after it."""
    end = next(at for at in range(0, len(data), 80) if data[at : at + 8] == b"END     ")
    cards = [data[at : at + 80].decode() for at in range(0, end, 80)]
    return cards, data[(end // 2880 + 1) * 2880 :]


@pytest.mark.parametrize("n_more_cards", [0, 25, 26, 27, 28, 29, 30, 31])
def test_other_cards_and_all_data_are_the_same(n_more_cards):
    data = make_many_parts()
    first = fits.open(io.BytesIO(data))[0]
    for number in range(n_more_cards):
        first.header[f"X{number}"] = (number, "a card")
    data = first.header.tostring().encode() + split(data)[1]
    added = add_class_cards(data, "a.fits", ANSWER)
    (cards, rest), (new_cards, new_rest) = split(data), split(added)
    assert new_rest == rest
    assert [card for card in new_cards if card[:8].strip() not in added_names()] == cards
    header = read_first_header(added)
    assert (header["CLASS"], header["CLASSP"]) == ("globular clusters", 0.98765)
    assert header["CLMODEL"] == "Sternhaufen fur M 13"
    with fits.open(io.BytesIO(added)) as parts:
        parts.verify("exception")
        assert [np.array_equal(parts[n].data, PICTURE) for n in (0, 1)] == [True, True]


def added_names() -> set[str]:
    return {"CLASS", "CLASSP", "CLMODEL"}


def test_second_answer_replaces_the_first():
    data = add_class_cards(make_many_parts(), "a.fits", ANSWER)
    again = add_class_cards(data, "a.fits", ("unsure", 0.5, "another"))
    assert split(again)[1] == split(data)[1]
    assert len(split(again)[0]) == len(split(data)[0])
    header = read_first_header(again)
    assert (header["CLASS"], header["CLMODEL"]) == ("unsure", "another")


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress])
def test_packed_file_stays_packed(pack):
    data = make_many_parts()
    added = add_class_cards(pack(data), "a.fits.gz", ANSWER)
    unpack = gzip.decompress if pack is gzip.compress else bz2.decompress
    assert unpack(added) == add_class_cards(data, "a.fits", ANSWER)


@pytest.mark.parametrize("seed", range(8))
def test_checksum_stays_right(seed):
    pixels = np.random.default_rng(seed).integers(-9999, 9999, (40, 40)).astype(np.int32)
    data = write(fits.PrimaryHDU(pixels), fits.ImageHDU(pixels), checksum=True)
    added = add_class_cards(data, "a.fits", (f"class {seed}", seed / 8, "model"))
    with warnings.catch_warnings(), fits.open(io.BytesIO(added), checksum=True) as parts:
        warnings.simplefilter("error")
        assert all(hdu.data.sum() == pixels.sum() for hdu in parts)
    old, new = read_first_header(data), read_first_header(added)
    assert old["DATASUM"] == new["DATASUM"]
    assert old["CHECKSUM"] != new["CHECKSUM"]


def test_card_of_another_program_is_kept():
    first = fits.PrimaryHDU(PICTURE)
    first.header["CLASS"] = "IRAF"
    with pytest.raises(ImageError, match=r"a card CLASS of another program"):
        add_class_cards(write(first), "a.fits", ANSWER)


def test_damaged_header_is_refused():
    data = make_many_parts().replace(b"END".ljust(80), b"XXX".ljust(80))
    with pytest.raises(ImageError, match="no complete FITS header"):
        add_class_cards(data[:5760], "a.fits", ANSWER)


def test_packed_file_is_not_unpacked_past_the_limit():
    data = gzip.compress(make_many_parts())
    with pytest.raises(ImageError, match="unpacks to more than"):
        add_class_cards(data, "a.fits.gz", ANSWER, ImageLimits(max_unpacked_bytes=5000))
