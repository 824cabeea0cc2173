"""Wrong labels, and classes that cannot be told apart."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from cluster_core.health.findings import FindingKind
from cluster_core.health.labels import find_wrong_labels, is_better_than_guessing
from tests.health.samples import draw_features, make_pictures


def find(pictures, features, contradictory=()):
    return find_wrong_labels(pictures, features, np.arange(len(pictures)), contradictory)


def list_kinds(findings):
    return {finding.kind for finding in findings}


def test_exchanged_label_is_found_with_its_class():
    pictures = make_pictures(30)
    features = draw_features(pictures)
    pictures[3] = replace(pictures[3], label="b")
    found, notes = find(pictures, features)
    assert found[0].kind is FindingKind.WRONG_LABEL
    assert found[0].pictures == (pictures[3],)
    assert found[0].suggested == "a"
    assert FindingKind.INSEPARABLE not in list_kinds(found)
    assert notes == []


def test_classes_without_a_difference_are_one_finding():
    pictures = make_pictures(60)
    features = np.random.default_rng(1).normal(5, 1, (120, 30)).astype(np.float32)
    (finding,), _ = find(pictures, features)
    assert finding.kind is FindingKind.INSEPARABLE
    assert finding.sentence.startswith("a and b cannot be told apart from these pictures: ")
    assert "guessing gives 50%" in finding.sentence
    assert 0.3 < finding.measure < 0.7


def test_two_inseparable_classes_among_others_are_named_alone():
    pictures = make_pictures(40, ("a", "b", "c", "d"))
    features = draw_features(pictures)
    for number in range(80):  # a and b share what sets them apart from c and d
        features[number, :2] = features[0, :2]
    pictures[100] = replace(pictures[100], label="d")
    found, _ = find(pictures, features)
    named = [one.sentence for one in found if one.kind is FindingKind.INSEPARABLE]
    assert [sentence.split(" cannot ")[0] for sentence in named] == ["a and b"]
    doubts = [one for one in found if one.kind is FindingKind.WRONG_LABEL]
    assert doubts[0].pictures == (pictures[100],)
    assert not any({one.pictures[0].label, one.suggested} == {"a", "b"} for one in doubts)


def test_key_of_inseparable_classes_does_not_depend_on_figures():
    pictures = make_pictures(60)
    features = np.random.default_rng(1).normal(5, 1, (120, 30)).astype(np.float32)
    (finding,), _ = find(pictures, features)
    other = replace(finding, sentence=finding.sentence.replace("48%", "51%"), measure=0.51)
    assert other.sentence != finding.sentence
    assert other.key == finding.key


def test_pictures_in_two_classes_are_not_called_wrong():
    pictures = make_pictures(30)
    features = draw_features(pictures)
    pictures[40] = replace(pictures[40], sha256=pictures[0].sha256)
    features[40] = features[0]
    contradictory = {pictures[0].sha256}
    assert any(one.pictures == (pictures[40],) for one in find(pictures, features)[0])
    found, _ = find(pictures, features, contradictory)
    assert all(one.pictures[0].sha256 not in contradictory for one in found)


def test_classes_that_share_all_files_are_not_checked():
    pictures = [replace(one, sha256="same") for one in make_pictures(12)]
    found, (note,) = find(pictures, draw_features(pictures), {"same"})
    assert found == []
    assert "that are in no other class" in note


def test_a_class_that_is_always_answered_is_guessing():
    classes = np.repeat([0, 1], [90, 10])
    always_first = np.zeros(100, int)
    assert not is_better_than_guessing(always_first, classes, np.array([90, 10]))
    assert is_better_than_guessing(classes, classes, np.array([90, 10]))


def test_tiny_but_significant_gain_is_guessing():
    classes = np.repeat([0, 1], 50_000)
    answers = classes.copy()
    answers[::100] = 1 - answers[::100]
    counts = np.array([50_000, 50_000])
    assert is_better_than_guessing(answers, classes, counts)
    random = np.random.default_rng(0).random(100_000)
    answers = np.where(random < 0.52, classes, 1 - classes)
    assert not is_better_than_guessing(answers, classes, counts)
