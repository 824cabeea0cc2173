"""What the headers of FITS and XISF files say about the sky."""

from __future__ import annotations

import pytest

from cluster_core.sky_names.angles import parse_angle
from cluster_core.sky_names.catalogue import load_catalogue
from cluster_core.sky_names.headers import read_sky_header
from cluster_core.sky_names.plane import compute_separations
from tests.images.astronomy.test_xisf import SKY, write
from tests.sky_names.skies import M13, make_fits, make_wcs_cards


def read(**cards):
    return read_sky_header(make_fits(**cards), "night.fits")


def test_wcs_gives_the_position_of_the_picture_as_it_is_shown():
    header = read(**make_wcs_cards(*M13))
    assert (header.position.ra_deg, header.position.dec_deg) == pytest.approx(M13, abs=1e-3)
    assert not header.position.mirrored
    assert header.problem is None


def test_rows_that_start_at_the_top_are_not_flipped():
    header = read(**make_wcs_cards(*M13), ROWORDER="TOP-DOWN")
    assert header.position.mirrored


@pytest.mark.parametrize(
    "broken",
    [
        {"CD1_1": 0.0, "CD2_2": 0.0},
        {"CD1_1": 1.0, "CD1_2": 1.0, "CD2_1": 1.0, "CD2_2": 1.0},
        {"CD1_1": -3.0, "CD2_2": 3.0},
        {"CRVAL2": 95.0},
        {"CRVAL1": "nan"},
        {"CRVAL1": "16:41:41"},
        {"CTYPE2": "RA---TAN"},
        {"CTYPE2": "DEC--SIN"},
        {"CRVAL1": M13[0] / 15, "OBJECT": "M 13"},
    ],
    ids=["zero", "singular", "wide", "pole", "nan", "text", "two RA", "two projections", "hours"],
)
def test_absurd_wcs_is_one_sentence_and_no_position(broken):
    header = read(**make_wcs_cards(*M13, **broken))
    assert header.position is None
    assert header.problem.count(".") == 1
    assert header.problem.endswith(".")


@pytest.mark.parametrize(
    ("cards", "ra", "dec"),
    [
        ({"RA": 250.4235, "DEC": 36.4613}, *M13),
        ({"RA": "16:41:41.64", "DEC": "+36:27:40.7"}, *M13),
        ({"OBJCTRA": "16 41 41.64", "OBJCTDEC": "36 27 40.7"}, *M13),
        ({"RA": "16h41m41.64s", "DEC": "36d27m40.7s"}, *M13),
        ({"RA": "250.4235", "DEC": "36.4613"}, *M13),
        ({"RA": "250:25:24.6", "DEC": "36:27:40.7"}, *M13),
        ({"RA": 16.694900, "DEC": 36.4613, "OBJECT": "M13"}, *M13),
        ({"RA": "00 00 01", "DEC": "-00 30 00"}, 15 / 3600, -0.5),
        ({"OBJCTRA": "00 00 00", "OBJCTDEC": "-30 30 00"}, 0.0, -30.5),
        ({"RA": 360.0, "DEC": -89.9}, 0.0, -89.9),
        ({"RA": M13[0] - 360, "DEC": M13[1]}, *M13),
    ],
)
def test_right_ascension_is_understood_in_hours_and_in_degrees(cards, ra, dec):
    pointing = read(**cards).pointing
    assert compute_separations(pointing.ra_deg, pointing.dec_deg, ra, dec) < 0.001


@pytest.mark.parametrize(
    ("ra_card", "ra"),
    [
        ("RA", 400.0),
        ("RA", "here"),
        ("RA", "25h10m00s"),
        ("RA", "370 10 00"),
        ("OBJCTRA", "25 10 00"),
        ("OBJCTRA", "25 99 99"),
        ("OBJCTRA", "16 75 00"),
        ("OBJCTRA", "16 41 75"),
    ],
)
def test_place_that_is_none_is_one_sentence(ra_card, ra):
    dec_card = ra_card.replace("RA", "DEC")
    header = read(**{ra_card: ra, dec_card: "36 27 40"})
    assert header.pointing is None
    assert header.problem == (
        f"The cards {ra_card} and {dec_card} of this picture are not a place in the sky."
    )


def test_scale_comes_from_the_optics():
    pointing = read(RA=250.0, DEC=36.0, XPIXSZ=3.76, FOCALLEN=530.0).pointing
    assert pointing.scale_arcsec_px == pytest.approx(1.463, abs=1e-3)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("M13", ["M 13"]),
        ("ngc 104 - LRGB", ["47 Tuc"]),
        ("Hercules Globular Cluster", ["M 13"]),
        ("Terzan 7", ["Terzan 7"]),
        ("dark", []),
    ],
)
def test_object_card_names_the_object(text, names):
    assert [each.name for each in read(OBJECT=text).objects] == names


def test_xisf_file_has_the_cards_of_the_fits_file_that_it_would_be():
    cards = {**make_wcs_cards(*M13), "CRPIX2": 32.5, "OBJECT": "M 13"}
    keywords = "".join(
        f'<FITSKeyword name="{keyword}" value="{value!r}" comment=""/>'
        for keyword, value in cards.items()
    )
    header = read_sky_header(write(SKY.tobytes(), inner=keywords), "night.xisf")
    assert [each.name for each in header.objects] == ["M 13"]
    assert (header.position.ra_deg, header.position.dec_deg) == pytest.approx(M13, abs=1e-3)
    assert not header.position.mirrored


def test_other_files_have_no_header():
    assert read_sky_header(b"\xff\xd8\xff", "M13.jpg") is None
    assert read_sky_header(b"SIMPLE  =  cut off", "M13.fits") is None


def test_incomplete_wcs_is_refused_instead_of_taken_for_0_h():
    cards = make_wcs_cards(*M13)
    for missing in ("CRVAL1", "CD1_1"):
        rest = {key: value for key, value in cards.items() if key not in (missing, "CD1_2")}
        assert "lacks the place or the scale" in read(**rest).problem


def test_number_that_fits_has_no_text_for_is_named():
    data = make_fits(**make_wcs_cards(*M13)).replace(
        b"=             250.4235", b"=                  nan"
    )
    header = read_sky_header(data, "a.fits")
    assert header.position is None
    assert header.problem.endswith("the card CRVAL1 of its header is not a number.")


def test_numbers_that_are_written_as_text_count():
    cards = {key: str(value) for key, value in make_wcs_cards(*M13).items()}
    assert read(**cards).position.ra_deg == pytest.approx(M13[0], abs=1e-3)


def test_name_of_another_object_is_reported_and_the_coordinates_count():
    header = read(**make_wcs_cards(*M13), OBJECT="M 45")
    assert header.position is not None
    assert header.problem == (
        "The header of this picture names M 45, but its coordinates are elsewhere."
    )


@pytest.mark.parametrize("keyword", ["WCSAXES", "A_ORDER", "BP_ORDER"])
def test_count_without_bounds_is_refused_before_it_is_computed(keyword, monkeypatch):
    monkeypatch.setattr("astropy.wcs.WCS", pytest.fail)
    header = read_sky_header(make_fits(**make_wcs_cards(*M13, **{keyword: 3000})), "a.fits")
    assert header.position is None
    assert header.problem.endswith(f"the card {keyword} of its header is above 9.")


@pytest.mark.parametrize("keyword", ["WCSAXESA", "CRVAL900", "PV900_1", "DQ1", "PV1_999"])
def test_cards_that_do_not_count_are_not_computed(keyword, monkeypatch):
    from astropy import wcs

    seen = []
    original = wcs.WCS

    def build(header=None, **options):
        seen.extend(header or ())
        return original(header, **options)

    monkeypatch.setattr(wcs, "WCS", build)
    cards = make_wcs_cards(*M13, **{keyword: 900})
    assert read_sky_header(make_fits(**cards), "a.fits").position is not None
    assert "CRVAL1" in seen
    assert keyword not in seen


@pytest.mark.filterwarnings("ignore::astropy.io.fits.verify.VerifyWarning")
def test_long_texts_in_cards_are_not_searched_at_length(monkeypatch):
    catalogue = load_catalogue()
    seen = []
    monkeypatch.setattr(type(catalogue), "find_in", lambda _, text: seen.append(len(text)) or ())
    spaces = f"1 1{' ' * 300}x"
    header = read_sky_header(make_fits(OBJECT="m 1 " * 100, RA=spaces, DEC=spaces), "a.fits")
    assert header.pointing is None
    assert max(seen) <= 200


def test_long_text_is_no_angle():
    assert parse_angle("1 30") == 1.5
    assert parse_angle(f"1 30{' ' * 100}") is None
