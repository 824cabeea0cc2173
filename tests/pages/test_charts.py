from __future__ import annotations

import pytest

from cluster_core.model.head.settings import Evaluation
from pages.components.charts import DATA, Measure, draw_comparison, draw_learning_curve

EVALUATIONS = tuple(Evaluation(10 * n, 0.5 + n / 10, 0.7, 0.4 + n / 10, 0.8, 14) for n in range(5))


def list_points(spec) -> list[dict]:
    return spec["datasets"][DATA]


@pytest.mark.parametrize("measure", Measure)
def test_curve_has_one_point_per_side_and_evaluation(measure):
    points = list_points(draw_learning_curve(EVALUATIONS, measure))
    assert len(points) == 10
    values = [point["value"] for point in points if point["of"] == "validation"]
    assert values == [getattr(evaluation, f"validation_{measure}") for evaluation in EVALUATIONS]


def test_curve_without_validation_pictures_has_one_line():
    alone = [Evaluation(step, 0.5, 0.7, None, None, 0) for step in range(3)]
    points = list_points(draw_learning_curve(alone, Measure.ACCURACY))
    assert {point["of"] for point in points} == {"training"}


def test_only_the_data_change_while_a_training_runs():
    first = draw_learning_curve(EVALUATIONS[:2], Measure.ACCURACY, n_steps=40)
    then = draw_learning_curve(EVALUATIONS, Measure.ACCURACY, n_steps=40)
    assert first.pop("datasets") != then.pop("datasets")
    assert first == then
    first["layer"].clear()  # changing one specification must not change the cached layout
    assert draw_learning_curve(EVALUATIONS, Measure.ACCURACY, n_steps=40)["layer"]


def test_axis_of_a_running_training_ends_at_its_last_step():
    spec = draw_learning_curve(EVALUATIONS, Measure.ACCURACY, n_steps=4000)
    assert spec["layer"][0]["encoding"]["x"]["scale"]["domain"] == [0, 4000]


def test_comparison_accepts_names_with_special_characters():
    names = ["a.b[c]", 'x "y" \\', "<b>"]
    spec = draw_comparison(dict.fromkeys(names, EVALUATIONS), Measure.CROSS_ENTROPY)
    points = list_points(spec)
    assert len(points) == 3 * 10
    assert [point["run"] for point in points[::10]] == names
    fields = {tip["field"] for tip in spec["layer"][1]["encoding"]["tooltip"]}
    # Vega-Lite reads dots and brackets in a field name as a path.
    assert fields == {"step", *(point["curve"] for point in points)}
    assert all(field.isalnum() for field in fields)
    assert spec["layer"][0]["encoding"]["color"]["scale"]["domain"] == names
