from __future__ import annotations

import re
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

from cluster_core.errors import BackboneError, ImageError
from cluster_core.model.bundle.bundle import BackboneReference
from cluster_core.model.bundle.selection import choose_bundle
from cluster_core.model.prediction.batch import classify_sources
from cluster_core.model.prediction.details import predict_with_details
from cluster_core.model.prediction.prediction import Limits, Verdict
from cluster_core.model.prediction.predictor import Predictor, predict
from cluster_core.sources.source import PictureSource
from tests.samples import COLOURS, draw_blob, run_python, save_picture, write_photos


@pytest.fixture
def bundle(trained):
    return choose_bundle(None, trained)


@pytest.fixture
def predictor(bundle, trained):
    return Predictor(bundle, trained)


def test_unseen_pictures_are_labelled_correctly(bundle, trained):
    pictures, labels = zip(
        *(
            (draw_blob(777 + seed, colour), label)
            for seed in range(8)
            for label, colour in COLOURS.items()
        ),
        strict=True,
    )
    answers = predict(bundle, pictures, trained)
    assert [answer.label for answer in answers] == list(labels)
    for answer in answers:
        assert set(answer.scores) == set(bundle.labels)
        assert sum(answer.scores.values()) == pytest.approx(1, abs=1e-6)
        assert list(answer.scores.values()) == sorted(answer.scores.values(), reverse=True)
        assert next(iter(answer.scores)) == answer.label
        assert answer.score == answer.scores[answer.label] == max(answer.scores.values())
        assert 0 < answer.seconds < 60


def test_default_workspace_is_used_if_none_is_passed(bundle, trained):
    assert (
        predict(bundle, [draw_blob(0)])[0].scores
        == predict(bundle, [draw_blob(0)], trained)[0].scores
    )
    assert predict(bundle, []) == []


def test_file_and_its_pixels_get_the_same_answer(predictor, tmp_path):
    pixels = draw_blob(3, size_px=100)
    path = save_picture(tmp_path / "a.png", pixels)
    from_file = predictor.predict_file(path.read_bytes(), path.name)
    assert from_file.scores == predictor.predict_pixels(pixels).scores
    with pytest.raises(ImageError, match="a page"):
        predictor.predict_file(b"<html>", "a page")


class ConstantNovelty:
    """A detector that measures the same for every picture."""

    threshold = 0.5

    def __init__(self, novelty: float) -> None:
        self.novelty = novelty

    def measure(self, features: np.ndarray) -> np.ndarray:
        return np.full(len(features), self.novelty)


@pytest.mark.parametrize(
    ("measured", "novelty", "kind"),
    [
        (0.2, 0.2, Verdict.LABEL),
        (0.8, 0.8, Verdict.NONE_OF_THESE),
        (7.0, 1.0, Verdict.NONE_OF_THESE),
        (float("nan"), None, Verdict.LABEL),
    ],
)
def test_novelty_of_a_picture_makes_it_none_of_these(bundle, trained, measured, novelty, kind):
    bundle = replace(bundle, novelty=ConstantNovelty(measured), unsure_below=0.0)
    (answer,) = predict(bundle, [draw_blob(3)], trained)
    assert (answer.novelty, answer.verdict) == (novelty, kind)


def test_model_without_a_detector_measures_no_novelty(bundle, trained):
    (answer,) = predict(replace(bundle, novelty=None), [draw_blob(3)], trained)
    assert answer.novelty is None
    assert answer.limits == Limits(bundle.unsure_below)


def test_scores_that_are_not_finite_are_a_sentence(bundle, trained):
    weights = np.full_like(bundle.head.weights, np.inf)
    broken = replace(bundle, head=replace(bundle.head, weights=weights))
    with pytest.raises(ImageError, match=r"This picture cannot be labelled.*not finite"):
        predict(broken, [draw_blob(3)], trained)


def test_picture_that_is_cut_off_is_labelled_with_a_warning(predictor, tmp_path):
    path = save_picture(tmp_path / "a.jpg", draw_blob(3, size_px=100), quality=95)
    whole = path.read_bytes()
    assert predictor.predict_file(whole, path.name).warning == ""
    cut = predictor.predict_file(whole[: int(0.9 * len(whole))], path.name)
    assert re.fullmatch(
        r"a\.jpg is cut off or damaged: about \d+% of the picture is missing\.",
        cut.warning,
    )
    details = predict_with_details(predictor, whole[: int(0.9 * len(whole))], path.name)
    assert details.prediction.warning == cut.warning


def test_sky_views_make_answers_independent_of_orientation(bundle, trained):
    views = replace(bundle, views="sky").view_list
    picture = draw_blob(4, size_px=32)
    answers = predict(
        replace(bundle, views="sky"), [view.apply(picture) for view in views], trained
    )
    for answer in answers:
        assert answer.scores == pytest.approx(dict(answers[0].scores), abs=1e-6)
    plain = predict(bundle, [view.apply(picture) for view in views], trained)
    mean = np.mean([answer.scores[bundle.labels[0]] for answer in plain])
    assert answers[0].scores[bundle.labels[0]] == pytest.approx(mean, abs=1e-6)


def test_concurrent_predictions_match_sequential_ones(predictor):
    pictures = [draw_blob(seed, (200, 50 + seed, 250 - seed)) for seed in range(150)]
    sequential = [predictor.predict_pixels(pixels).scores for pixels in pictures]
    with ThreadPoolExecutor(8) as pool:
        concurrent = [answer.scores for answer in pool.map(predictor.predict_pixels, pictures)]
    assert concurrent == sequential


def test_number_of_threads_does_not_change_the_answer(bundle, trained):
    one, two = (Predictor(bundle, trained, n).predict_pixels(draw_blob(1)).scores for n in (1, 2))
    assert two == pytest.approx(dict(one), abs=1e-5)


def test_other_weights_are_rejected(bundle, trained):
    other = replace(bundle, backbone=BackboneReference("random", "f" * 64))
    with pytest.raises(BackboneError, match="this version of the program has other weights") as (
        caught
    ):
        predict(other, [draw_blob(0)], trained)
    assert "random with the weights ffffffffffff" in str(caught.value)
    assert caught.value.name == "random"


def test_missing_backbone_is_converted_in_another_process(bundle, trained, tmp_path, monkeypatch):
    expected = predict(bundle, [draw_blob(0)], trained)[0].scores
    shutil.rmtree(trained.backbones)
    monkeypatch.chdir(tmp_path)  # must work from any folder
    found = predict(bundle, [draw_blob(0)], trained)[0].scores
    assert found == pytest.approx(dict(expected), abs=1e-6)
    assert list(trained.backbones.glob("*.tflite"))


def test_failed_conversion_is_reported_in_one_line(bundle, trained):
    missing = replace(bundle, backbone=BackboneReference("mobilenet_0.25_128", "f" * 64))
    (trained.models / "mobilenet_0.25_128_no_top.weights.h5").write_bytes(b"damaged")
    with pytest.raises(
        BackboneError, match=r"could not be prepared: .*does not contain the weights"
    ) as caught:
        predict(missing, [draw_blob(0)], trained)
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize("damage", [b"", b"damaged"])
def test_altered_network_is_reported(bundle, trained, damage):
    (path,) = trained.backbones.glob("*.tflite")
    path.write_bytes(damage)
    with pytest.raises(BackboneError, match="altered"):
        predict(bundle, [draw_blob(0)], trained)


@pytest.mark.parametrize(
    "module",
    [
        "cluster_core.label_image",
        "cluster_core.classify",
        "cluster_core.retrain",
        "cluster_core.model.prediction.predictor",
    ],
)
def test_prediction_does_not_load_tensorflow(trained, tmp_path, module):
    save_picture(tmp_path / "a.png", draw_blob(0))
    program = f"""
import sys
from pathlib import Path
import {module}
from cluster_core.images import read_image
from cluster_core.model.prediction.predictor import predict
from cluster_core.model.bundle.selection import choose_bundle
from cluster_core.workspace import Workspace
(answer,) = predict(choose_bundle(None, Workspace.default()), [read_image(Path(sys.argv[1]))])
print(answer.label, *(name for name in ("tensorflow", "keras", "streamlit") if name in sys.modules))
"""
    outcome = run_python("-c", program, tmp_path / "a.png")
    assert outcome.returncode == 0, outcome.stderr
    assert outcome.stdout.strip() in COLOURS


def test_files_are_labelled_in_order_and_bad_ones_reported(predictor, tmp_path):
    write_photos(tmp_path, 5, first_seed=500)
    (tmp_path / "blue stars" / "field 501x.png").write_bytes(b"")
    files = sorted(tmp_path.rglob("*.png"))
    answers = list(classify_sources(predictor, map(PictureSource.of_file, files)))
    assert [answer.path for answer in answers] == files
    for answer in answers:
        if answer.path.name == "field 501x.png":
            assert answer.prediction is None
            assert "is empty" in answer.problem
        else:
            assert answer.problem is None
            assert answer.prediction.label == answer.path.parent.name


def test_files_are_read_lazily(predictor, photos):
    taken = []

    def files():
        for _ in range(20):
            for path in sorted(photos.rglob("*.png")):
                taken.append(path)
                yield PictureSource.of_file(path)

    answers = classify_sources(predictor, files())
    for _ in range(5):
        next(answers)
    assert len(taken) < 100
    answers.close()
