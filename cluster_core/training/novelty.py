"""Learn to recognise pictures of none of the classes, and test that."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from cluster_core.blas import on_one_thread
from cluster_core.data.groups import group_pictures, list_copies
from cluster_core.data.index import Picture
from cluster_core.evaluation.out_of_fold import break_up_lone, draw_folds
from cluster_core.model.bundle.bundle import ModelBundle
from cluster_core.model.bundle.starter import find_novelty_prior
from cluster_core.model.head.examples import Examples
from cluster_core.model.head.ridge import RidgeHead
from cluster_core.model.novelty import KnownPictures, NoveltyDetector, NoveltyPrior, fit_novelty
from cluster_core.model.novelty.fitting import MAX_PICTURES

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


def gather_known(
    n_views: int, sides: Sequence[tuple[Sequence[Picture], Examples]]
) -> KnownPictures:
    """Return the pictures of the classes that a detector learns, with their groups.

    Of more than `MAX_PICTURES`, these are as many at random: all views of all pictures would be in
    memory twice.

    Parameters
    ----------
    n_views : int
        The first views, which are not distorted.
    sides : sequence of (sequence of Picture, Examples)
        The pictures for training, and for validation if there are any, with their features.
    """
    pictures = [picture for its, _ in sides for picture in its]
    classes = np.concatenate([examples.classes for _, examples in sides])
    groups = np.array(group_pictures(pictures, list_copies(pictures)))
    drawn = np.random.default_rng(0).permutation(len(pictures))[:MAX_PICTURES]
    chosen = np.sort(drawn)
    shape = (len(chosen), n_views, sides[0][1].features.shape[2])
    features, first, place = np.empty(shape, np.float32), 0, 0
    for its, examples in sides:  # `concatenate` would have all in memory twice
        for number in chosen[(chosen >= first) & (chosen < first + len(its))]:
            features[place] = examples.features[number - first, :n_views]
            place += 1
        first += len(its)
    return KnownPictures(
        features,
        classes[chosen],
        break_up_lone(groups, classes)[chosen],
        np.ones(len(chosen), bool),
    )


def add_novelty(
    bundle: ModelBundle,
    known: KnownPictures,
    testing: np.ndarray | None,
    counter: CounterExamples,
) -> ModelBundle:
    """Return a model that recognises pictures of none of its classes, and how well it does.

    Parameters
    ----------
    bundle : ModelBundle
        The model without a detector.
    known : KnownPictures
        From `gather_known`.
    testing : ndarray of float32, (n_pictures, n_views, n_features), or None
        Features of the test pictures.
    counter : CounterExamples
        Pictures of none of the classes.
    """
    prior = find_novelty_prior(bundle.backbone.name, bundle.labels)
    try:
        with on_one_thread(len(known.features)):
            recognised = _find_recognised(known, len(bundle.labels), prior)
            known = replace(known, sets_threshold=recognised)
            detector = fit_novelty(known, counter.training, prior)
    except (MemoryError, np.linalg.LinAlgError) as error:  # the model is good without it
        _logger.warning("Nothing was learned about pictures of none of the classes: %s", error)
        return bundle
    if detector is None:
        return bundle
    record = {
        "test": _count_rejected(detector, testing),
        "counter_examples": _count_rejected(detector, counter.testing),
    }
    return replace(bundle, novelty=detector, metrics={**bundle.metrics, RECORD: record})


def _find_recognised(known: KnownPictures, n_labels: int, prior: NoveltyPrior | None) -> np.ndarray:
    """Return which pictures a head labels rightly that was fitted without them: bool, (n,)."""
    means, classes = known.features.mean(axis=1), known.classes
    folds = draw_folds(classes, known.groups, np.random.default_rng(0))
    if prior is not None:
        means = np.concatenate([means, prior.features])
        folds = np.append(folds, np.full(len(prior.classes), folds.max() + 1))
        classes = np.append(classes, prior.classes)
    answers = RidgeHead(means, classes, n_labels).predict_left_out(folds).argmax(axis=1)
    recognised: np.ndarray = (answers == classes)[: len(known.classes)]
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
