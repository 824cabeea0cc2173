"""What is in a picture: from its header, its name, or a solver."""

from __future__ import annotations

import hashlib

import pytest

from cluster_core.errors import NotSolvedError
from cluster_core.sky_names.cache import IdentityCache
from cluster_core.sky_names.file_names import find_objects
from cluster_core.sky_names.identification import Source, identify, identify_position
from cluster_core.sky_names.position import SkyPosition
from cluster_core.sky_names.solving import RunLimits
from cluster_core.sky_names.solving.solver import NOT_IN_TIME, NOT_RECOGNISED
from cluster_core.storage.cache_file import CacheFile
from tests.sky_names.skies import M13, make_fits, make_wcs_cards

SCALE = 0.005


class Recorder:
    """A solver that finds every picture at one place, or none, and counts."""

    identity = "recorder 1"
    limits = RunLimits()

    def __init__(self, position=None, problem=NOT_RECOGNISED):
        self.position, self.hints, self.problem = position, [], problem

    def solve(self, picture, hints):
        self.hints.append(hints)
        if self.position is None:
            raise NotSolvedError(self.problem)
        return self.position


def at_m13():
    return Recorder(SkyPosition(*M13, ((-SCALE, 0.0), (0.0, -SCALE)), 80, 60))


def names(identification):
    return [each.object.name for each in identification.objects]


def test_header_comes_before_the_file_name_and_the_solver():
    solver = at_m13()
    found = identify(make_fits(**make_wcs_cards(279.10, -23.90)), "M13.fits", solver)
    assert found.main.object.name == "M 22"
    assert found.main.distance_arcmin < 1
    assert (found.source, solver.hints) == (Source.HEADER, [])
    assert found.position.scale_arcsec_px == pytest.approx(18, rel=1e-3)


def test_object_card_comes_before_the_file_name_and_gives_no_position():
    found = identify(make_fits(OBJECT="NGC 104"), "M13.fits", None)
    assert (names(found), found.source) == (["47 Tuc"], Source.HEADER)
    assert found.position is None
    assert found.main.distance_arcmin is None


def test_place_of_the_telescope_names_the_object_around_it():
    found = identify(make_fits(RA=250.5, DEC=36.5), "light_001.fits", None)
    assert (names(found), found.source, found.position) == (["M 13"], Source.HEADER, None)


def test_file_name_comes_before_the_solver():
    solver = at_m13()
    found = identify(b"no picture", "night/M81 and M82.jpg", solver)
    assert (names(found), found.source) == (["M 81", "M 82"], Source.FILE_NAME)
    assert solver.hints == []


def test_folder_does_not_name_the_object():
    assert identify(b"no picture", "M13/light.jpg", None).source is None


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Canon_EOS_M50_0001.jpg", []),
        ("EOS-M6 42.jpg", []),
        ("Canon M100.jpg", []),
        ("Canon EOS M50 M13.jpg", ["M 13"]),
        ("Canon EOS 600D M42.jpg", ["M 42"]),
        ("M2_macbook.jpg", []),
        ("MacBook Pro M1.jpg", []),
        ("flat_m42.jpg", []),
        ("M42_Darks.fits", []),
        ("masterbias NGC 104.fits", []),
        ("M42 from a dark site.jpg", ["M 42"]),
        ("flatiron m42.jpg", ["M 42"]),
    ],
)
def test_cameras_computers_and_calibration_frames_do_not_name_a_picture(name, shown):
    assert names(identify(b"no picture", name, None)) == shown


def test_camera_in_a_file_name_still_groups_as_in_earlier_splits():
    assert find_objects("Canon_EOS_M50_0001.jpg") == find_objects("M50.jpg")


def test_stars_name_a_picture_without_header_and_name():
    found = identify(make_fits(), "light.fits", at_m13())
    assert (found.main.object.name, found.source) == ("M 13", Source.PLATE_SOLVING)


def test_solver_gets_the_pointing_of_the_header():
    solver = at_m13()
    identify(make_fits(RA=20.0, DEC=-70.0, PIXSCALE=1.5), "light.fits", solver)
    (hints,) = solver.hints
    assert (hints.ra_deg, hints.dec_deg, hints.scale_arcsec_px) == (20.0, -70.0, 1.5)


def test_unsolved_picture_has_the_reason():
    found = identify(make_fits(), "light.fits", Recorder())
    assert (found.source, found.problem) == (None, NOT_RECOGNISED)


def test_broken_coordinates_leave_the_name():
    cards = make_wcs_cards(*M13, CRVAL2=95.0)
    found = identify(make_fits(**cards), "M13.fits", None)
    assert (names(found), found.source, found.position) == (["M 13"], Source.FILE_NAME, None)
    assert found.problem.startswith("The sky coordinates of this picture cannot be used")


def test_faint_galaxy_at_the_centre_does_not_name_the_picture_of_a_cluster():
    ra, dec = 250.5348, 36.6842  # IC 4617, between M 13 and NGC 6207
    found = identify(make_fits(**make_wcs_cards(250.47, 36.55, 0.012)), "x.fits", None)
    assert "IC 4617" in names(found)
    assert found.main.object.name == "M 13"
    detail = identify(make_fits(**make_wcs_cards(ra, dec, 0.0005)), "x.fits", None)
    assert detail.main.object.name == "IC 4617"


def test_of_two_galaxies_alike_in_size_the_one_at_the_centre_names_the_picture():
    between = SkyPosition(190.69, 11.6, ((-6e-4, 0.0), (0.0, -6e-4)), 1000, 800)
    found = identify_position(between, Source.HEADER)
    assert "M 60" in names(found)
    assert found.main.object.name == "M 59"


def test_detail_of_a_large_object_is_named_after_it():
    found = identify(make_fits(**make_wcs_cards(11.2, 41.6, 0.0005)), "x.fits", None)
    assert found.main.object.name == "M 31"


def test_no_picture_is_solved_twice_and_another_solver_may_try(tmp_path):
    data = make_fits()
    failing, working = Recorder(), at_m13()
    working.identity = "recorder 1 with more star charts"
    with CacheFile(tmp_path) as file:
        cache = IdentityCache(file)
        for _ in range(2):
            assert cache.identify(data, "a.fits", failing).problem == NOT_RECOGNISED
        assert len(failing.hints) == 1
        found = cache.identify(data, "a.fits", working)
        assert cache.identify(data, "renamed.fits", failing) == found
        assert found.main.object.name == "M 13"
        assert (len(failing.hints), len(working.hints)) == (1, 1)
        assert list(cache.load_solved([*file_hashes(data), "ff"]).values()) == ["ngc6205"]
        assert cache.load_headers(file_hashes(data)) == {}


def test_failed_solver_is_asked_again(tmp_path):
    solver = Recorder(problem="The solver failed.")
    with CacheFile(tmp_path) as file:
        for _ in range(2):
            found = IdentityCache(file).identify(make_fits(), "a.fits", solver)
            assert found.problem == "The solver failed."
    assert len(solver.hints) == 2


def test_search_that_ran_out_of_time_is_made_again_with_more_time_or_if_asked(tmp_path):
    solver = Recorder(problem=NOT_IN_TIME)
    with CacheFile(tmp_path) as file:
        cache = IdentityCache(file)
        for time_limit_s, n_asked in ((3.0, 1), (3.0, 1), (2.0, 1), (9.0, 2), (3.0, 2)):
            solver.limits = RunLimits(time_limit_s)
            assert cache.identify(make_fits(), "a.fits", solver).problem == NOT_IN_TIME
            assert len(solver.hints) == n_asked
        cache.locate(make_fits(), "a.fits", solver)
    assert len(solver.hints) == 3


@pytest.mark.parametrize("cards", [{"OBJECT": "NGC 104"}, {"RA": 250.5, "DEC": 36.5}])
def test_search_for_the_position_does_not_end_at_a_name(tmp_path, cards):
    with CacheFile(tmp_path) as file:
        found = IdentityCache(file).locate(make_fits(**cards), "a.fits", at_m13())
    assert (found.main.object.name, found.source) == ("M 13", Source.PLATE_SOLVING)


def test_search_for_the_position_ends_at_coordinates_and_keeps_a_name(tmp_path):
    solver = Recorder()
    with CacheFile(tmp_path) as file:
        cache = IdentityCache(file)
        found = cache.locate(make_fits(**make_wcs_cards(*M13)), "a.fits", solver)
        assert (found.source, solver.hints) == (Source.HEADER, [])
        for _ in range(2):
            found = cache.locate(make_fits(OBJECT="NGC 104"), "a.fits", solver)
            assert (names(found), found.problem) == (["47 Tuc"], NOT_RECOGNISED)
    assert len(solver.hints) == 1


def test_object_of_a_header_is_found_again_with_another_catalogue(tmp_path, monkeypatch):
    with CacheFile(tmp_path) as file:
        cache = IdentityCache(file)
        cache.save_headers([("ff", identify(make_fits(OBJECT="NGC 104"), "", None))])
        assert cache.load_headers(["ff"]) == {"ff": "ngc104"}
        monkeypatch.setattr("cluster_core.sky_names.cache._name_header", lambda: "header other")
        assert cache.load_headers(["ff"]) == {}


def file_hashes(*contents):
    return [hashlib.sha256(content).hexdigest() for content in contents]
