"""The catalogue that ships with the program."""

from __future__ import annotations

import hashlib
from collections import Counter

import pytest

from cluster_core.sky_names.catalogue import CATALOGUE_FILE, load_catalogue
from cluster_core.sky_names.position import SkyPosition


def test_catalogue_has_all_clusters_of_open_ngc_and_more():
    counted = Counter(each.kind for each in load_catalogue().objects)
    assert counted["globular cluster"] >= 208
    assert counted["open cluster"] >= 663


def test_catalogue_is_the_file_that_its_notice_describes():
    notice = CATALOGUE_FILE.with_name("catalogue_NOTICE.txt").read_text("utf-8")
    assert hashlib.sha256(CATALOGUE_FILE.read_bytes()).hexdigest() in notice
    assert "CC BY-SA 4.0" in notice


@pytest.mark.parametrize(
    ("spellings", "name", "kind"),
    [
        (("M13", "messier 13", "NGC6205", "ngc 06205"), "M 13", "globular cluster"),
        (("47Tuc", "47 Tucanae", "NGC 104", "C 106", "Caldwell 106"), "47 Tuc", "globular cluster"),
        (("omega Centauri", "NGC 5139"), "omega Cen", "globular cluster"),
        (("Mel 22", "Pleiades", "Cr 42"), "M 45", "open cluster"),
        (("Collinder 399", "Coathanger"), "Cr 399", "asterism"),
        (("Pal 5", "Palomar 5"), "Pal 5", "globular cluster"),
        (("Terzan 8", "MWSC 3156"), "Terzan 8", "globular cluster"),
        (("Mel 20", "Cr 39"), "Cr 39", "open cluster"),
        (("NGC 2682", "Cr 204"), "M 67", "open cluster"),
        (("M102", "NGC 5866"), "M 102", "galaxy"),
    ],
)
def test_object_is_found_by_all_its_names(spellings, name, kind):
    found = {load_catalogue().find(each) for each in spellings}
    assert [(each.name, each.kind) for each in found] == [(name, kind)]


@pytest.mark.parametrize("number", range(1, 111))
def test_all_of_messiers_list_is_there(number):
    assert load_catalogue().find(f"M {number}").name == f"M {number}"


@pytest.mark.parametrize("name", ["", "M 0", "NGC 99999", "moon", "flat_001"])
def test_other_words_name_no_object(name):
    assert load_catalogue().find(name) is None


def test_popular_names_are_found_in_file_names():
    named = {
        name: [each.name for each in load_catalogue().find_in(name)]
        for name in ("Double_Cluster-2.jpg", "the ring nebula", "47Tuc_wide", "stock_1", "147 Tuc")
    }
    assert list(named.values()) == [["C 14"], ["M 57"], ["47 Tuc"], [], []]


def test_objects_in_a_picture_come_nearest_to_the_centre_first():
    scale = 1 / 1200
    position = SkyPosition(250.42, 36.46, ((-scale, 0.0), (0.0, -scale)), 1200, 900)
    assert [each.name for each in load_catalogue().within(position)] == [
        "M 13",
        "IC 4617",
        "NGC 6207",
    ]


def test_cluster_entered_by_hand_is_where_lists_have_it():
    (nearest, *_) = load_catalogue().near(15 * (2 + 14 / 60 + 43 / 3600), 59 + 29 / 60, 0.05)
    assert nearest.name == "Stock 2"
