"""Sentences about a picture's object."""

from __future__ import annotations

import pytest

from cluster_core.sky_names.identification import Identification, identify
from cluster_core.sky_names.words import (
    ModelAnswer,
    describe_objects,
    describe_with_model,
    find_kind,
)

M13 = "M 13, a globular cluster"
M31 = "M 31, a galaxy"


def named(name):
    return identify(b"", name, None)


@pytest.mark.parametrize(
    ("name", "answer", "sentence"),
    [
        ("M13", ModelAnswer("globular", 0.99), f"{M13}; the model says globular, 99%"),
        (
            "M13",
            ModelAnswer("open clusters", 0.71),
            f"{M13}; the model says open clusters, 71%. They disagree.",
        ),
        ("M45", ModelAnswer("open", 0.5, "unsure"), "M 45, an open cluster; the model is unsure"),
        (
            "M45",
            ModelAnswer("open", 0.5, "none of these"),
            "M 45, an open cluster; the model says none of these. They disagree.",
        ),
        ("M31", ModelAnswer("open", 0.8), f"{M31}; the model says open, 80%. They disagree."),
        ("M31", ModelAnswer("open", 0.8, "none of these"), f"{M31}; the model says none of these"),
        ("Cr 399", ModelAnswer("open", 0.8), "Cr 399, an asterism; the model says open, 80%"),
        ("M13", ModelAnswer("globular", 0.999), f"{M13}; the model says globular, over 99%"),
        ("M13", ModelAnswer("bright", 0.8), f"{M13}; the model says bright, 80%"),
    ],
)
def test_model_and_catalogue_stand_side_by_side(name, answer, sentence):
    assert describe_with_model(named(name), answer) == sentence


def test_all_objects_are_named():
    assert describe_objects(named("M81 and M82")) == "M 81, a galaxy (also M 82)"


def test_unknown_picture_has_no_description():
    assert describe_objects(Identification()) == ""
    assert describe_with_model(Identification(), ModelAnswer("open", 1.0)) == ""


@pytest.mark.parametrize(
    ("label", "kind"),
    [
        ("globular clusters", "globular cluster"),
        ("Open", "open cluster"),
        ("globular_clusters", "globular cluster"),
        ("globular-cluster", "globular cluster"),
        ("2_open", "open cluster"),
        ("globular_or_open", None),
        ("globular or open", None),
        ("reopened", None),
    ],
)
def test_class_is_recognised_by_its_words(label, kind):
    assert find_kind(label) == kind
