"""Catalogue names in file names."""

from __future__ import annotations

import pytest

from cluster_core.sky_names.file_names import find_objects


@pytest.mark.parametrize(
    ("names", "objects"),
    [
        (("M13.jpg", "Messier 13 core.png", "m013_v2.tif", "NGC 6205", "my-ngc6205"), ("ngc6205",)),
        (("NGC 104", "47 Tuc.jpg", "47Tuc_wide", "ngc0104b", "47 Tucanae"), ("ngc104",)),
        (("IC 4665.jpg", "ic4665 (2)", "IC-4665"), ("ic4665",)),
        (("Mel 22.jpg", "Melotte_22", "M45", "Messier-45"), ("m45",)),
        (("Cr 399.jpg", "cr399_1", "Collinder 399"), ("cr399",)),
        (("Omega Cen.jpg", "NGC5139", "omega_centauri 3"), ("ngc5139",)),
        (("Berkeley 17", "berkeley_17 r"), ("be17",)),
        (("Stock 2.jpg", "Stock-2 wide"), ("stock2",)),
        (("King 14.jpg",), ("king14",)),
        (("Trumpler 3.jpg", "Cr 36.jpg", "Collinder 36"), ("tr3",)),
        (("Sh2-155.jpg", "sh2 155"), ("sh2155",)),
    ],
)
def test_spellings_of_one_object_agree(names, objects):
    assert {find_objects(name) for name in names} == {objects}


def test_several_objects_in_one_name_are_all_found():
    assert set(find_objects("M81 and M82.jpg")) == {"ngc3031", "ngc3034"}


@pytest.mark.parametrize(
    "name",
    [
        "img_13.jpg",
        "IMG_1234.CR2.jpg",
        "photo CR3.jpg",
        "pic 12.jpg",
        "item5.png",
        "m_1.jpg",
        "stock_2.jpg",
        "stock 2.jpg",
        "king_14.jpg",
        "be 17.jpg",
        "M0.jpg",
        "M111.jpg",
        "M1.5 flare.jpg",
        "m3gan.jpg",
        "tr_001.jpg",
        "team 4.jpg",
        "NGC.jpg",
        "ngc 99999.jpg",
        "147 Tuc.jpg",
        "room13.jpg",
        "globular (13).jpg",
    ],
)
def test_other_names_with_numbers_name_no_object(name):
    assert find_objects(name) == ()
