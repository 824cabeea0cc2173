"""Findings about copies."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cluster_core.health.copies import find_copy_findings
from cluster_core.health.findings import FindingKind
from tests.health.samples import make_pictures


def test_exact_copies_in_a_class_are_one_finding():
    pictures = make_pictures(6)
    pictures[2] = replace(
        pictures[2], sha256=pictures[0].sha256, fingerprint=pictures[0].fingerprint
    )
    (finding,) = find_copy_findings(pictures)
    assert finding.kind is FindingKind.COPIES
    assert finding.pictures == (pictures[0], pictures[2])
    assert finding.measure == 1
    assert "same file" in finding.sentence


def test_near_copies_across_classes_name_both_classes():
    pictures = make_pictures(6)
    noisy = np.frombuffer(pictures[0].fingerprint, np.int8) * 0.7 + 20 * np.sin(np.arange(1024))
    pictures[8] = replace(pictures[8], fingerprint=noisy.astype(np.int8).tobytes())
    (finding,) = find_copy_findings(pictures)
    assert finding.kind is FindingKind.COPIES_ACROSS
    assert 0.65 < finding.measure < 1
    assert "(a and b)" in finding.sentence


def test_flat_but_different_pictures_are_not_copies():
    assert (
        find_copy_findings([replace(one, fingerprint=bytes(1024)) for one in make_pictures(9)])
        == []
    )


def test_common_bright_core_is_not_a_copy():
    core = np.zeros(1024)
    core[500:504] = 127
    random = np.random.default_rng(0)
    pictures = [
        replace(
            one,
            fingerprint=(core + random.normal(0, 4, 1024))
            .clip(-127, 127)
            .astype(np.int8)
            .tobytes(),
        )
        for one in make_pictures(3)
    ]
    assert find_copy_findings(pictures) == []


def test_lookalikes_with_unlike_features_are_not_copies():
    pictures = make_pictures(6)
    blurry = np.frombuffer(pictures[0].fingerprint, np.int8) * 0.7 + 25 * np.sin(np.arange(1024))
    pictures[1] = replace(pictures[1], fingerprint=blurry.astype(np.int8).tobytes())
    features = np.random.default_rng(0).normal(5, 1, (12, 30)).astype(np.float32)
    assert find_copy_findings(pictures, features) == []
    features[1] = features[0]
    assert len(find_copy_findings(pictures, features)) == 1


@pytest.mark.parametrize("n_each", [20, 3_000])  # exact and hashed search
def test_identical_pictures_are_one_series(n_each):
    pictures = [
        replace(one, fingerprint=make_pictures(1)[0].fingerprint) for one in make_pictures(n_each)
    ]
    (finding,) = find_copy_findings(pictures)
    assert finding.kind is FindingKind.SERIES
    assert finding.measure == len(finding.pictures) == 2 * n_each


def test_frames_of_one_scene_are_a_series_although_their_features_are_noise():
    pictures = [
        replace(one, fingerprint=make_pictures(1)[0].fingerprint) for one in make_pictures(20)
    ]
    features = np.random.default_rng(0).normal(5, 0.01, (40, 30)).astype(np.float32)
    (finding,) = find_copy_findings(pictures, features)
    assert finding.kind is FindingKind.SERIES


@pytest.mark.parametrize(
    ("labels", "kind"), [("ab", FindingKind.COPIES_ACROSS), ("a", FindingKind.COPIES)]
)
def test_many_equal_files_are_copies_and_not_a_series(labels, kind):
    first = make_pictures(1)[0]
    pictures = [
        replace(one, sha256=first.sha256, fingerprint=first.fingerprint)
        for one in make_pictures(24, tuple(labels))
    ]
    (finding,) = find_copy_findings(pictures)
    assert finding.kind is kind
    assert "are the same file" in finding.sentence


def test_equal_files_across_classes_within_a_series_are_reported_as_well():
    pictures = [
        replace(one, fingerprint=make_pictures(1)[0].fingerprint) for one in make_pictures(20)
    ]
    pictures[30] = replace(pictures[30], sha256=pictures[2].sha256)
    series, copies = find_copy_findings(pictures)
    assert series.kind is FindingKind.SERIES
    assert copies.kind is FindingKind.COPIES_ACROSS
    assert copies.pictures == (pictures[2], pictures[30])


def test_frames_of_one_recording_are_not_compared():
    pictures = make_pictures(4)
    name = "camera 2026-05-01 10-00-00 part {}_nohash_00{}.jpg"
    frames = [
        replace(
            one,
            path=one.path.with_name(name.format(number, number)),
            fingerprint=pictures[0].fingerprint,
        )
        for number, one in enumerate(pictures)
    ]
    assert find_copy_findings(frames) == []
