"""Labels that the catalogue of the sky contradicts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from cluster_core.health.catalogue_labels import find_catalogue_contradictions
from cluster_core.health.findings import FindingKind
from tests.health.samples import make_pictures


def check(name, label="open", labels=("open", "globular"), sky_object=""):
    pictures = make_pictures(1, labels)
    wrong = replace(pictures[0], path=Path(label, name), label=label, sky_object=sky_object)
    return find_catalogue_contradictions([*pictures, wrong], {})


@pytest.mark.parametrize(
    ("name", "sky_object", "sentence"),
    [
        ("M13.jpg", "", "M13.jpg is in open, but is named after M 13, a globular cluster."),
        ("light.fits", "ngc104", "light.fits is in open, but shows 47 Tuc, a globular cluster."),
        ("M45.fits", "ngc104", "M45.fits is in open, but shows 47 Tuc, a globular cluster."),
    ],
)
def test_globular_cluster_among_open_ones_is_found_with_its_class(name, sky_object, sentence):
    (finding,) = check(name, sky_object=sky_object)
    assert (finding.kind, finding.sentence) == (FindingKind.WRONG_LABEL, sentence)
    assert finding.suggested == "globular"


@pytest.mark.parametrize("name", ["M45.jpg", "M31.jpg", "photo 13.jpg", "M13 and M92.jpg"])
def test_no_evidence_is_no_finding(name):
    assert check(name) == []


def test_classes_of_another_kind_are_left_alone():
    assert check("M13.jpg", "bright", ("bright", "faint")) == []


def test_class_is_suggested_only_if_a_single_one_fits():
    (finding,) = check("M13.jpg", labels=("open", "globular", "globular large"))
    assert finding.suggested is None


def test_solved_picture_is_found():
    pictures = make_pictures(1, ("open", "globular"))
    wrong = next(one for one in pictures if one.label == "open")
    (finding,) = find_catalogue_contradictions(pictures, {wrong.sha256: "ngc104"})
    assert "shows 47 Tuc" in finding.sentence
