"""Learn to recognise pictures of none of the classes, and test that."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from cluster_core.evaluation.out_of_fold import compute_out_of_fold_scores, draw_folds
from cluster_core.model.bundle.bundle import ModelBundle
from cluster_core.model.bundle.starter import find_novelty_prior
from cluster_core.model.head.examples import Examples
from cluster_core.model.novelty import KnownPictures, NoveltyDetector, NoveltyPrior, fit_novelty

_logger = logging.getLogger(__name__)

# The key of the result among the metrics of a bundle.
RECORD = "none_of_these"


@dataclass(frozen=True)
class CounterExamples:
    """Features of pictures that belong to none of the classes.

    Attributes
    ----------
    training, testing : ndarray of float32, (n_pictures, n_views, n_features), or None
        Those to learn from, and those for the final test; None for no pictures.
    """

    training: np.ndarray | None = None
    testing: np.ndarray | None = None


def add_novelty(
    bundle: ModelBundle,
    n_views: int,
    training: Examples,
    held_out: tuple[Examples | None, Examples | None],
    counter: CounterExamples,
) -> ModelBundle:
    """Return a model that recognises pictures of none of its classes, and how well it does.

    Parameters
    ----------
    bundle : ModelBundle
        The model without a detector.
    n_views : int
        The first views of the training pictures, which are not distorted.
    training : Examples
        The training pictures.
    held_out : tuple of (Examples or None)
        The validation pictures, which the detector learns as well, and the test pictures.
    counter : CounterExamples
        Pictures of none of the classes.
    """
    validation, testing = held_out
    features, classes = training.features[:, :n_views], training.classes
    if validation is not None:
        features = np.concatenate([features, validation.features])
        classes = np.concatenate([classes, validation.classes])
    prior = find_novelty_prior(bundle.backbone.name, bundle.labels)
    is_recognised = _find_recognised(features, classes, len(bundle.labels), prior)
    known = KnownPictures(features, classes, is_recognised)
    try:
        detector = fit_novelty(known, counter.training, prior)
    except (MemoryError, np.linalg.LinAlgError) as error:  # the model is good without it
        _logger.warning("Nothing was learned about pictures of none of the classes: %s", error)
        return bundle
    if detector is None:
        return bundle
    record = {
        "test": _count_rejected(detector, None if testing is None else testing.features),
        "counter_examples": _count_rejected(detector, counter.testing),
    }
    return replace(bundle, novelty=detector, metrics={**bundle.metrics, RECORD: record})


def _find_recognised(
    features: np.ndarray, classes: np.ndarray, n_labels: int, prior: NoveltyPrior | None
) -> np.ndarray:
    """Return which pictures a head labels rightly that was fitted without them: bool, (n,)."""
    n_pictures, means = len(classes), features.mean(axis=1)
    folds = draw_folds(classes, np.arange(n_pictures), np.random.default_rng(0))
    if prior is not None:
        means = np.concatenate([means, prior.features])
        folds = np.append(folds, np.full(len(prior.classes), folds.max() + 1))
        classes = np.append(classes, prior.classes)
    scores = compute_out_of_fold_scores(means, classes, folds, n_labels)
    recognised: np.ndarray = (scores.argmax(axis=1) == classes)[:n_pictures]
    return recognised


def _count_rejected(detector: NoveltyDetector, features: np.ndarray | None) -> dict[str, int]:
    if features is None:
        return {"n": 0, "n_rejected": 0}
    novelty = detector.measure(features)
    return {"n": len(features), "n_rejected": int((novelty > detector.threshold).sum())}


def describe_rejections(metrics: Mapping[str, object]) -> str | None:
    """Say how many test pictures a model rejects: `None of these: 9 of 11 … rejected`.

    Parameters
    ----------
    metrics : mapping
        The metrics of a `ModelBundle` that was just trained.

    Returns
    -------
    str or None
        None if it has no detector, or there are no counter-examples for the test.
    """
    match metrics.get(RECORD):
        case {
            "counter_examples": {"n": int(n_counter), "n_rejected": int(n_right)},
            "test": {"n": int(n_test), "n_rejected": int(n_wrong)},
        } if n_counter:
            return (
                f"None of these: {n_right} of {n_counter} counter-examples in the test were "
                f"rejected, and {n_wrong} of {n_test} test pictures of the classes."
            )
    return None
