"""Numbers of uncompressed FITS pictures: those of astropy, without its copies."""

from __future__ import annotations

import io

import numpy as np
import pytest
from astropy.io import fits

from cluster_core.images.astronomy.fits_headers import walk_parts
from cluster_core.images.astronomy.fits_reading import read_pictures

CARDS: list[dict[str, float]] = [
    {},
    {"BSCALE": 2.5, "BZERO": -3.25},
    {"BZERO": 7},
    {"BLANK": -5},
    {"BLANK": -5, "BSCALE": 0.5},
    {"BLANK": 0, "BZERO": 1.5},
    {"BLANK": 1.5},
]
OFFSETS = {"u1": -128, ">i2": 1 << 15, ">i4": 1 << 31, ">i8": 1 << 63}


def make_file(kind: str, shape: tuple[int, ...], cards: dict[str, float]) -> bytes:
    """Return a FITS file with numbers of a kind, stored as they are, and with cards."""
    stored = np.random.default_rng(1).integers(0, 120, shape).astype(kind)
    if kind != "u1":
        stored[..., 0] = -5
    bits = 8 * stored.dtype.itemsize * (-1 if stored.dtype.kind == "f" else 1)
    axes = {f"NAXIS{axis}": size for axis, size in enumerate(reversed(shape), start=1)}
    header = fits.Header([("SIMPLE", True), ("BITPIX", bits), ("NAXIS", len(shape))])
    header.update(axes | cards)
    data = stored.tobytes()
    return header.tostring().encode() + data + bytes(-len(data) % 2880)


@pytest.mark.filterwarnings("ignore")  # of astropy, for a BLANK that it does not apply
@pytest.mark.parametrize("kind", ["u1", ">i2", ">i4", ">i8", ">f4", ">f8"])
def test_numbers_are_those_of_astropy(kind):
    offsets: list[dict[str, float]] = [{"BZERO": OFFSETS[kind]}] if kind in OFFSETS else []
    for cards in [*CARDS, *offsets]:
        data = make_file(kind, (3, 6, 7), cards)
        with fits.open(io.BytesIO(data), memmap=False) as hdus:
            expected = hdus[0].section[...]
        (part,) = walk_parts(data, "a.fits")
        ((_, planes),) = read_pictures(data, part, part.axes, part.axes.pictures(), "a.fits")
        np.testing.assert_array_equal(np.asarray(planes), expected)
        np.testing.assert_array_equal(planes[1:, ::2, 3], expected[1:, ::2, 3])
