"""Fit a novelty detector to the features of training pictures."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cluster_core.model.novelty.detector import NoveltyDetector
from cluster_core.model.novelty.distance import fit_shapes
from cluster_core.model.novelty.evidence import (
    PRIOR_PICTURES,
    EvidencePrior,
    fit_log_odds,
    make_plain_prior,
)

# Share of the training and validation pictures that may be taken for none of the classes.
LOST_SHARE = 0.05
THRESHOLD = 0.5
N_FOLDS = 5
MIN_PICTURES = 10
MAX_PICTURES = 4000
# Where other pictures are known, their odds say most; see docs/sky-backbone.md.
WEIGHT_ALONE, WEIGHT_BESIDE_ODDS = 2.0, 0.5


@dataclass(frozen=True)
class KnownPictures:
    """Pictures of the classes.

    Attributes
    ----------
    features : ndarray of float32, (n_pictures, n_views, n_features)
    classes : ndarray of int, (n_pictures,)
        Index of each picture's label.
    sets_threshold : ndarray of bool, (n_pictures,)
        Whether a picture counts among those of which few may be lost. A folder of photographs has
        some that do not belong there, and which the model does not recognise.
    """

    features: np.ndarray
    classes: np.ndarray
    sets_threshold: np.ndarray

    @classmethod
    def of(cls, features: np.ndarray) -> KnownPictures:
        """Return pictures of a single class, which all count."""
        return cls(features, np.zeros(len(features), int), np.ones(len(features), bool))

    def choose(self, chosen: np.ndarray) -> KnownPictures:
        """Return some of the pictures, by index or mask."""
        return KnownPictures(
            self.features[chosen], self.classes[chosen], self.sets_threshold[chosen]
        )


@dataclass(frozen=True)
class NoveltyPrior:
    """What is known about classes and about other pictures, before there are pictures.

    Attributes
    ----------
    evidence : EvidencePrior
        The odds that a picture is none of the classes.
    features : ndarray of float32, (n_rehearsed, n_features)
        Pictures of the classes.
    classes : ndarray of int, (n_rehearsed,)
        Index of each one's label.
    """

    evidence: EvidencePrior
    features: np.ndarray
    classes: np.ndarray


def fit_novelty(
    known: KnownPictures,
    counter_examples: np.ndarray | None = None,
    prior: NoveltyPrior | None = None,
) -> NoveltyDetector | None:
    """Fit a detector of pictures that belong to none of the classes.

    Its threshold is found by cross-validation: each picture is measured by a detector that does
    not know it.

    Parameters
    ----------
    known : KnownPictures
        Training and validation pictures of the classes.
    counter_examples : ndarray of float32, (n_pictures, n_views, n_features), optional
        Pictures that belong to none of the classes.
    prior : NoveltyPrior, optional
        What is known beforehand.

    Returns
    -------
    NoveltyDetector or None
        None for fewer than `MIN_PICTURES` pictures, from which nothing can be learned.
    """
    if len(known.features) < MIN_PICTURES:
        return None
    random = np.random.default_rng(0)
    order = random.permutation(len(known.features))[:MAX_PICTURES]
    known = known.choose(order)
    if counter_examples is not None and len(counter_examples) > MAX_PICTURES:
        counter_examples = random.permutation(counter_examples)[:MAX_PICTURES]
    fold = np.arange(len(order)) % N_FOLDS
    totals = np.empty(len(order))
    for number in range(N_FOLDS):
        rest = known.choose(fold != number)
        left_out = known.features[fold == number]
        totals[fold == number] = _fit(rest, counter_examples, prior).add_up(left_out)
    counted = known.sets_threshold if known.sets_threshold.any() else np.ones(len(order), bool)
    offset = float(np.quantile(totals[counted], 1 - LOST_SHARE))
    return _fit(known, counter_examples, prior, offset)


def _fit(
    known: KnownPictures,
    counter_examples: np.ndarray | None,
    prior: NoveltyPrior | None,
    offset: float = 0.0,
) -> NoveltyDetector:
    features, classes = known.features.mean(axis=1, dtype=float), known.classes
    weights = np.ones(len(features))
    log_odds = np.zeros(features.shape[1] + 1)
    if prior is not None:
        share = np.full(len(prior.features), PRIOR_PICTURES / len(prior.features))
        features = np.concatenate([features, prior.features])
        classes, weights = np.r_[classes, prior.classes], np.r_[weights, share]
    has_others = prior is not None or counter_examples is not None
    if has_others:
        evidence = make_plain_prior(features) if prior is None else prior.evidence
        log_odds = fit_log_odds(evidence, known.features, counter_examples)
    return NoveltyDetector(
        fit_shapes(features, classes, weights),
        log_odds.astype(np.float32),
        WEIGHT_BESIDE_ODDS if has_others else WEIGHT_ALONE,
        offset,
        THRESHOLD,
    )
