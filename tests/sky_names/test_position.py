"""From pixels to the sky and back."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from astropy.io import fits
from astropy.wcs import WCS

from cluster_core.errors import PositionError
from cluster_core.sky_names.plane import compute_separations
from cluster_core.sky_names.position import SkyPosition
from tests.sky_names.skies import make_wcs_cards


def place(
    *, ra: float = 250.0, dec: float = 36.0, flipped: bool = True, **cards: Any
) -> SkyPosition:
    header = fits.Header(make_wcs_cards(ra, dec, **cards))
    return SkyPosition.from_wcs(WCS(header, fix=False), 80, 60, flipped=flipped)


def test_north_is_up_in_a_picture_that_is_shown_with_its_first_row_at_the_bottom():
    position = place()
    x, y = position.to_pixels([250.0, 250.0, 250.1], [36.0, 36.1, 36.0])
    assert np.allclose((x[0], y[0]), (39.5, 29.5), atol=0.01)
    assert np.isclose(x[1], x[0], atol=0.1)
    assert y[1] < y[0]
    assert x[2] < x[0]
    assert position.north_angle_deg == pytest.approx(0, abs=0.1)
    assert not position.mirrored
    assert position.scale_arcsec_px == pytest.approx(18, rel=1e-3)


def test_picture_with_its_first_row_at_the_top_is_mirrored_upside_down():
    position = place(flipped=False)
    assert abs(position.north_angle_deg) == pytest.approx(180, abs=0.1)
    assert position.mirrored


@pytest.mark.parametrize("angle", [-120.0, 30.0, 90.0])
def test_angle_of_north_is_counter_clockwise(angle):
    turn = np.radians(angle)
    cd = (
        0.005
        * np.array([[-1, 0], [0, 1]])
        @ [
            [np.cos(turn), np.sin(turn)],
            [-np.sin(turn), np.cos(turn)],
        ]
    )
    position = place(CD1_1=cd[0, 0], CD1_2=cd[0, 1], CD2_1=cd[1, 0], CD2_2=cd[1, 1])
    assert position.north_angle_deg == pytest.approx(angle, abs=0.2)
    x, y = position.to_pixels([position.ra_deg] * 2, position.dec_deg + np.array([0, 0.05]))
    ccw_from_up = np.degrees(np.arctan2(-(x[1] - x[0]), -(y[1] - y[0])))
    assert ccw_from_up == pytest.approx(angle, abs=0.2)


@pytest.mark.parametrize(("ra", "dec"), [(0.0, 0.0), (359.95, -60.0), (10.0, 89.99), (0.0, -90.0)])
def test_pixels_return_to_where_they_were_across_0_h_and_at_the_poles(ra, dec):
    position = place(ra=ra, dec=dec)
    x, y = np.array([0.0, 79.0, 40.0]), np.array([0.0, 59.0, 30.0])
    sky = position.to_sky(x, y)
    assert np.allclose(position.to_pixels(*sky), (x, y), atol=1e-6)
    assert ((sky[0] >= 0) & (sky[0] < 360)).all()
    assert compute_separations(ra, dec, position.ra_deg, position.dec_deg) < 0.001


def test_galactic_coordinates_become_icrs():
    position = place(ra=120.0, dec=10.0, CTYPE1="GLON-TAN", CTYPE2="GLAT-TAN")
    expected = SkyCoord(120, 10, unit="deg", frame="galactic").icrs
    assert compute_separations(
        position.ra_deg, position.dec_deg, expected.ra.deg, expected.dec.deg
    ) < 0.001  # fmt: skip


def test_place_on_the_other_side_of_the_sky_has_no_pixel():
    assert np.isnan(place().to_pixels(70.0, -36.0)).all()


def test_resized_picture_has_the_same_corners():
    position = place()
    half = position.resized(40, 30)
    assert half.scale_arcsec_px == pytest.approx(2 * position.scale_arcsec_px)
    assert np.allclose(half.to_sky(-0.5, -0.5), position.to_sky(-0.5, -0.5))


@pytest.mark.parametrize(
    "cards",
    [
        {"CD1_1": -5.0, "CD2_2": 5.0},
        {"CD1_1": -1e-12, "CD2_2": 1e-12},
        {"CRPIX1": 1e300},
    ],
    ids=["too wide", "too fine", "far away"],
)
def test_absurd_coordinates_are_refused_in_one_sentence(cards):
    with pytest.raises(PositionError, match=r"^The sky coordinates .* cannot be used: [^.]*\.$"):
        place(**cards)
