"""Plots of a report for those who cannot see them."""

from __future__ import annotations

from cluster_core.evaluation.learning_curve import LearningCurve, LearningPoint
from cluster_core.evaluation.report.plots import draw_learning_curve
from cluster_core.evaluation.report.svg import Axes, Line, draw_plot
from pages.components.evaluation import plots


def test_plot_of_a_report_is_described_with_its_points():
    lines = [Line("<a>", (0, 0.5), (0.25, 1), has_dots=True), Line("b", (0, 1), (0, 1))]
    svg = draw_plot(lines, Axes("score", "share"))
    assert 'aria-label="share against score; &lt;a&gt;: 25% at 0%, 100% at 50%; b"' in svg


def test_learning_curve_is_described_on_the_page_and_in_the_report():
    curve = LearningCurve((LearningPoint(16, 0.91), LearningPoint(32, 0.93)))
    assert plots.draw_learning_curve(curve, 40)["description"] == (
        "Accuracy against the number of pictures learned from: measured 91% from 16, measured 93% "
        "from 32"
    )
    assert "measured: 91% at 16, 93% at 32" in draw_learning_curve(curve, 40)
