"""Traits that give the class away."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cluster_core.health.shortcuts import find_shortcuts
from tests.health.samples import PLAIN_LOOK, make_pictures


def draw_looks(pictures, seed: int = 0):
    """Draw looks that have nothing to do with the classes."""
    random = np.random.default_rng(seed)
    return [
        replace(
            PLAIN_LOOK,
            brightness=float(random.random()),
            darkest=float(random.random()),
            brightest=float(random.random()),
            red=float(random.normal()),
            blue=float(random.normal()),
            border=float(random.random() > 0.5) * float(random.random()),
        )
        for _ in pictures
    ]


def find(pictures, looks):
    return find_shortcuts(pictures, looks, np.arange(len(pictures)))


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("n_each", [15, 80])
def test_nothing_is_found_by_chance(seed, n_each):
    pictures = make_pictures(n_each)
    assert find(pictures, draw_looks(pictures, seed)) == []


@pytest.mark.parametrize(
    ("trait", "change"),
    [
        ("brightness", {"brightness": 0.95}),
        ("colour cast", {"red": 9.0}),
        ("file type", {"file_type": "PNG"}),
        ("borders", {"border": 0.3, "border_brightness": 1.0}),
        ("source", {"source": "Hubble"}),
    ],
)
def test_trait_of_one_class_is_found(trait, change):
    pictures = make_pictures(60)
    looks = [
        replace(look, **change) if picture.label == "b" else look
        for picture, look in zip(pictures, draw_looks(pictures), strict=True)
    ]
    (finding,) = find(pictures, looks)
    verb = "give" if trait == "borders" else "gives"
    assert finding.sentence.startswith(f"The {trait} alone {verb} the right class")
    assert "right for 50%" in finding.sentence
    assert finding.measure > 0.9
    assert [picture.label for picture in finding.pictures] == ["a", "b"]


def test_size_and_shape_of_one_class_are_found():
    pictures = [
        replace(one, width_px=400) if one.label == "b" else one for one in make_pictures(60)
    ]
    found = find(pictures, draw_looks(pictures))
    assert [finding.sentence.split(" alone ")[0] for finding in found] == ["The size", "The shape"]


def test_name_of_the_class_in_file_names_is_not_a_source():
    pictures = [
        replace(one, path=one.path.with_name(f"{one.label} cluster ({number}).jpg"))
        for number, one in enumerate(make_pictures(60, ("globular clusters", "open clusters")))
    ]
    assert find(pictures, draw_looks(pictures)) == []


def test_camera_names_are_a_source():
    pictures = [
        replace(one, path=one.path.with_name(f"{'DSC' if one.label == 'b' else 'IMG'}_{n}.jpg"))
        for n, one in enumerate(make_pictures(60))
    ]
    (finding,) = find(pictures, draw_looks(pictures))
    assert finding.sentence.startswith("The source alone ")


def test_copies_do_not_make_a_trait_significant():
    pictures = make_pictures(60)
    random = np.random.default_rng(0)
    looks = draw_looks(pictures)
    looks = [replace(one, source=str(random.integers(8))) for one in looks]
    groups = np.arange(len(pictures)) // 10  # six objects of ten pictures per class
    looks = [
        replace(look, source=looks[10 * group].source)
        for look, group in zip(looks, groups, strict=True)
    ]
    assert find_shortcuts(pictures, looks, groups) == []


def test_small_classes_are_not_judged():
    pictures = make_pictures(9)
    looks = [replace(PLAIN_LOOK, file_type=one.label) for one in pictures]
    assert find(pictures, looks) == []
