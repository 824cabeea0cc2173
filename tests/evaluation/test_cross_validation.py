"""Repeated cross-validation: what it returns for plain and for difficult datasets."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cluster_core.data.index import Picture
from cluster_core.errors import DatasetError, RunError
from cluster_core.evaluation import cross_validation
from cluster_core.evaluation.cross_validation import (
    CrossValidation,
    cross_validate_pictures,
    draw_repeated_folds,
)
from cluster_core.evaluation.learning_curve import LearningCurve, LearningPoint, fit_power_law
from cluster_core.evaluation.report.plots import draw_learning_curve
from cluster_core.evaluation.words import describe_forecast


def make_pictures(counts: dict[str, int], name: str = "field {}.png") -> list[Picture]:
    return [
        Picture(
            Path("photos", label, name.format(number)),
            label,
            f"{number * 7919 % 997:04d} {label}",
            *(8, 8, bytes(1024)),
        )
        for label, count in counts.items()
        for number in range(count)
    ]


def draw_features(pictures, distance: float = 3.0, seed: int = 0) -> np.ndarray:
    random = np.random.default_rng(seed)
    labels = sorted({picture.label for picture in pictures})
    features = random.normal(size=(len(pictures), 20))
    for row, picture in zip(features, pictures, strict=True):
        row[labels.index(picture.label)] += distance
    return features.astype(np.float32)


def cross_validate(counts: dict[str, int], **options) -> CrossValidation:
    pictures = make_pictures(counts, **options)
    return cross_validate_pictures(pictures, draw_features(pictures), tuple(sorted(counts)))


def test_ten_repeats_of_five_folds():
    found = cross_validate({"a": 40, "b": 40})
    assert found.fold_accuracies.shape == (10, 5)
    assert found.n_groups == len(found.pictures) == found.n_in_dataset == 80
    low, high = found.interval
    assert 0.8 < low < found.accuracy < high < 1
    np.testing.assert_allclose(found.pictures.scores.sum(axis=1), 1)


def test_order_of_the_pictures_does_not_matter():
    pictures = make_pictures({"a": 30, "b": 20})
    features = draw_features(pictures)
    one = cross_validate_pictures(pictures, features, ("a", "b"))
    order = np.random.default_rng(0).permutation(50)
    other = cross_validate_pictures([pictures[n] for n in order], features[order], ("a", "b"))
    np.testing.assert_allclose(one.fold_accuracies, other.fold_accuracies)


def test_chance_remains_chance():
    pictures = make_pictures({"a": 100, "b": 100})
    found = cross_validate_pictures(pictures, draw_features(pictures, 0), ("a", "b"))
    low, high = found.interval
    assert low < 0.5 < high


@pytest.mark.parametrize("seed", range(3))
def test_groups_stay_in_one_fold(seed):
    random = np.random.default_rng(seed)
    groups = random.integers(0, 30, 100)
    for folds in draw_repeated_folds(groups % 3, groups):
        assert {len(set(folds[groups == group])) for group in set(groups)} == {1}


def test_pictures_of_one_object_count_once():
    found = cross_validate({"a": 30, "b": 30}, name="M13_nohash_{}.png")
    assert found.n_groups < 10
    low, high = found.interval
    assert high - low > 0.3


def test_tiny_class_takes_part():
    found = cross_validate({"a": 40, "b": 2})
    assert np.isfinite(found.fold_accuracies).all()
    assert [int(n) for n in np.bincount(found.pictures.classes)] == [40, 2]


def test_class_without_pictures_is_left_out():
    pictures = make_pictures({"a": 20, "b": 20})
    found = cross_validate_pictures(pictures, draw_features(pictures), ("a", "b", "empty"))
    assert found.pictures.labels == ("a", "b")


def test_many_pictures_of_one_scene_count_as_few():
    pictures = make_pictures({"a": 150, "b": 150}, name="scene_nohash_{}.png")
    found = cross_validate_pictures(pictures, draw_features(pictures), ("a", "b"))
    low, high = found.interval
    assert high - low > 0.3
    assert len(found.fold_accuracies) == 10


@pytest.mark.parametrize("counts", [{"a": 1, "b": 1}, {"a": 30}, {}])
def test_too_few_pictures_are_refused_in_a_sentence(counts):
    pictures = make_pictures(counts)
    features = draw_features(pictures) if counts else np.empty((0, 20), np.float32)
    with pytest.raises(DatasetError, match="needs two classes and 4 pictures"):
        cross_validate_pictures(pictures, features, ("a", "b"))


def test_identical_pictures_are_refused_in_a_sentence():
    pictures = make_pictures({"a": 10, "b": 10})
    with pytest.raises(DatasetError, match="look the same"):
        cross_validate_pictures(pictures, np.ones((20, 5), np.float32), ("a", "b"))


def test_features_that_are_not_finite_are_refused_in_a_sentence():
    pictures = make_pictures({"a": 10, "b": 10})
    features = draw_features(pictures)
    features[3, 2] = np.nan
    with pytest.raises(RunError, match="not finite"):
        cross_validate_pictures(pictures, features, ("a", "b"))


def test_record_survives_json():
    found = cross_validate({"a": 25, "b": 15})
    record = json.loads(json.dumps(found.to_record()))
    restored = CrossValidation.from_record(record)
    assert restored.interval == found.interval
    assert restored.pictures.paths == found.pictures.paths
    assert restored.curve == found.curve
    np.testing.assert_allclose(restored.pictures.scores, found.pictures.scores, atol=1e-5)


def make_curve(errors, sizes=(20, 40, 60, 80, 120, 160)) -> LearningCurve:
    pairs = zip(sizes, errors, strict=True)
    return LearningCurve(tuple(LearningPoint(n, 1 - error) for n, error in pairs))


def test_power_law_is_recovered():
    sizes = np.array([20, 40, 60, 80, 120, 160])
    forecast = make_curve(0.02 + 1.2 * sizes**-0.5, sizes).forecast()
    assert not forecast.is_poor
    assert forecast.predict(320) == pytest.approx(1 - 0.02 - 1.2 * 320**-0.5, abs=0.002)


@pytest.mark.parametrize(
    "errors",
    [
        [0.1, 0.1, 0.1, 0.1, 0.1, 0.1],
        [0.1, 0.12, 0.13, 0.15, 0.2, 0.2],
        [0.1, 0.3, 0.1, 0.3, 0, 0.09],
    ],
)
def test_curve_that_does_not_rise_gives_a_poor_forecast(errors):
    assert make_curve(errors).forecast().is_poor


def test_short_curve_gives_no_forecast():
    assert LearningCurve((LearningPoint(3, 0.5),)).forecast() is None


def test_more_pictures_are_more_accurate():
    pictures = make_pictures({"a": 150, "b": 150})
    found = cross_validate_pictures(pictures, draw_features(pictures, 2), ("a", "b"))
    first, *_, last = found.curve.points
    assert last.n_pictures == pytest.approx(240)
    assert first.n_pictures == pytest.approx(30, abs=2)
    assert last.accuracy > first.accuracy
    assert fit_power_law(found.curve.points).predict(1e9) <= 1


def test_sentence_axis_and_curve_of_the_forecast_agree():
    points = tuple(LearningPoint(n, 1 - 0.5 * n**-0.5) for n in (15, 31, 46, 62, 92, 123))
    curve = LearningCurve(points)
    fitted = curve.forecast()
    found = replace(cross_validate({"a": 40, "b": 40}), n_in_dataset=154, curve=curve)
    assert describe_forecast(found) == (
        "Twice as many pictures (308 instead of 154) would give about "
        f"{fitted.predict(308):.0%}, 1 point more than now, by the fitted curve."
    )
    assert ">308</text>" in draw_learning_curve(curve, 154)


def test_forecast_of_hardly_any_gain_repeats_no_other_accuracy():
    curve = make_curve([0.2, 0.12, 0.1, 0.1, 0.1, 0.1])
    words = describe_forecast(replace(cross_validate({"a": 40, "b": 40}), curve=curve))
    assert words.startswith("Twice as many pictures of the same kind would hardly help")
    assert "%" not in words


def test_all_answers_are_right_only_if_every_repeat_agrees():
    flawless = make_curve([0.1, 0.08, 0.06, 0.04, 0.02, 0])
    found = replace(cross_validate({"a": 40, "b": 40}), curve=flawless)
    assert found.accuracy < 1
    assert "right already" not in describe_forecast(found)
    found = replace(found, fold_accuracies=np.ones((10, 5)))
    assert describe_forecast(found).startswith("All answers are right already: more pictures")


def test_sample_of_many_pictures_keeps_every_class(monkeypatch):
    monkeypatch.setattr(cross_validation, "MAX_PICTURES", 50)
    pictures = make_pictures({"common": 180, "other": 60})
    rare = [replace(one, sha256=f"zz {one.sha256}") for one in make_pictures({"rare": 2})]
    pictures += rare  # the last of all in the order of hashes
    labels = ("common", "other", "rare")
    found = cross_validate_pictures(pictures, draw_features(pictures), labels)
    assert found.pictures.labels == labels
    assert np.bincount(found.pictures.classes).tolist() == [37, 12, 2]
    assert found.n_in_dataset == 242
