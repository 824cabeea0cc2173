"""Summarise scored pictures and cross-validations as records for JSON."""

from __future__ import annotations

from typing import Any

from cluster_core.evaluation.calibration import Calibration, measure_calibration
from cluster_core.evaluation.coverage import compute_coverage
from cluster_core.evaluation.cross_validation import CrossValidation
from cluster_core.evaluation.curves import compute_precision_recall, compute_roc
from cluster_core.evaluation.figures import (
    compute_balanced_accuracy,
    compute_class_figures,
    compute_confusion,
    compute_matthews,
)
from cluster_core.evaluation.scored_pictures import ScoredPictures
from cluster_core.evaluation.words import describe_forecast


def summarise_pictures(scored: ScoredPictures, unsure_below: float) -> dict[str, Any]:
    """Return all figures of some scored pictures; those that cannot be computed are None.

    Parameters
    ----------
    scored : ScoredPictures
    unsure_below : float
        The score below which answers are unsure, 0 to 1.
    """
    confusion, metrics = compute_confusion(scored), scored.metrics
    coverage = compute_coverage(scored.best_scores, scored.is_right, unsure_below)
    raw = scored.raw_scores
    return {
        "n": len(scored),
        "n_independent": metrics.n_independent or metrics.n,
        "n_right": metrics.n_right,
        "accuracy": metrics.accuracy if metrics.n else None,
        "interval_95": list(metrics.interval),
        "balanced_accuracy": compute_balanced_accuracy(confusion),
        "matthews": compute_matthews(confusion),
        "classes": [
            {
                **vars(figures),
                "roc_area": _get_area(compute_roc(scored, number)),
                "average_precision": _get_area(compute_precision_recall(scored, number)),
            }
            for number, figures in enumerate(compute_class_figures(confusion, scored.labels))
        ],
        "confusion": confusion.tolist(),
        "calibration": _summarise(measure_calibration(scored.scores, scored.classes)),
        "calibration_before_scaling": None
        if raw is None
        else _summarise(measure_calibration(raw, scored.classes)),
        "unsure": {
            "below": unsure_below,
            "coverage": coverage.share,
            "accuracy": coverage.accuracy,
        },
        "mistakes": [
            {
                "path": one.path.as_posix(),
                "sha256": one.sha256,
                "label": one.label,
                "answer": one.predicted,
                "score": one.score,
            }
            for one in metrics.misclassified
        ],
    }


def summarise_cross_validation(validated: CrossValidation, unsure_below: float) -> dict[str, Any]:
    """Return the figures of a cross-validation.

    Parameters
    ----------
    validated : CrossValidation
    unsure_below : float
        The score below which answers are unsure, 0 to 1.
    """
    n_repeats, n_folds = validated.fold_accuracies.shape
    forecast = validated.curve.forecast()
    return {
        "n": len(validated.pictures),
        "n_groups": validated.n_groups,
        "n_repeats": n_repeats,
        "n_folds": n_folds,
        "accuracy": validated.accuracy,
        "interval_95": list(validated.interval),
        "learning_curve": validated.curve.to_record(),
        "power_law": None if forecast is None else vars(forecast),
        "forecast": describe_forecast(validated),
        "figures": summarise_pictures(validated.pictures, unsure_below),
    }


def _get_area(curve: Any) -> float | None:
    return None if curve is None else float(curve.area)


def _summarise(calibration: Calibration | None) -> dict[str, Any] | None:
    if calibration is None:
        return None
    return {
        "expected_error": calibration.expected_error,
        "brier": calibration.brier,
        "bins": [
            {"n": one.n, "n_right": one.n_right, "score": one.score} for one in calibration.bins
        ],
    }
