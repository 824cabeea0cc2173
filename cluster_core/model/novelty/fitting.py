"""Fit a novelty detector to the features of training pictures."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from cluster_core.model.novelty.detector import NoveltyDetector
from cluster_core.model.novelty.distance import fit_shapes
from cluster_core.model.novelty.evidence import (
    PRIOR_PICTURES,
    EvidencePrior,
    fit_log_odds,
    make_plain_prior,
)
from cluster_core.model.novelty.leaving_out import compute_distance_growth, compute_odds_growth

# Share of the training and validation pictures that may be taken for none of the classes.
LOST_SHARE = 0.05
THRESHOLD = 0.5
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
    groups : ndarray of int, (n_pictures,)
        Copies and pictures of one object have the same number.
    sets_threshold : ndarray of bool, (n_pictures,)
        Whether a picture counts among those of which few may be lost. A folder of photographs has
        some that do not belong there, and which the model does not recognise.
    """

    features: np.ndarray
    classes: np.ndarray
    groups: np.ndarray
    sets_threshold: np.ndarray

    @classmethod
    def of(cls, features: np.ndarray) -> KnownPictures:
        """Return pictures of a single class, none of which belong together, and which all count."""
        n = len(features)
        return cls(features, np.zeros(n, int), np.arange(n), np.ones(n, bool))

    def choose(self, chosen: np.ndarray) -> KnownPictures:
        """Return some of the pictures, by index or mask."""
        return KnownPictures(
            self.features[chosen],
            self.classes[chosen],
            self.groups[chosen],
            self.sets_threshold[chosen],
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

    Its threshold is found by leaving out: each picture is measured by a detector that knows
    neither it nor others of its group, and each group counts once [1]_.

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

    References
    ----------
    .. [1] Dunn, R., Wasserman, L., Ramdas, A. 2023, "Distribution-free prediction sets for
       two-layer hierarchical models", J. Am. Stat. Assoc. 118, 2491.
    """
    if len(known.features) < MIN_PICTURES:
        return None
    random = np.random.default_rng(0)
    known = known.choose(random.permutation(len(known.features))[:MAX_PICTURES])
    if counter_examples is not None and len(counter_examples) > MAX_PICTURES:
        counter_examples = random.permutation(counter_examples)[:MAX_PICTURES]
    features, classes = known.features.mean(axis=1, dtype=float), known.classes
    weights = np.ones(len(features))
    if prior is not None:
        share = np.full(len(prior.features), PRIOR_PICTURES / len(prior.features))
        features = np.concatenate([features, prior.features])
        classes, weights = np.r_[classes, prior.classes], np.r_[weights, share]
    shapes = fit_shapes(features, classes, weights)
    growth = compute_distance_growth(shapes, features, classes, weights, known.groups)
    if prior is None and counter_examples is None:
        distance_weight, log_odds = WEIGHT_ALONE, np.zeros(features.shape[1] + 1)
        growth *= distance_weight
    else:
        evidence = make_plain_prior(features) if prior is None else prior.evidence
        fit = fit_log_odds(evidence, known.features, counter_examples)
        distance_weight, log_odds = WEIGHT_BESIDE_ODDS, fit.log_odds
        growth = distance_weight * growth + compute_odds_growth(fit, known.groups)
    detector = NoveltyDetector(
        shapes.truncate(), log_odds.astype(np.float32), distance_weight, 0.0, THRESHOLD
    )
    left_out = detector.add_up(known.features) + growth
    return replace(detector, offset=_find_offset(left_out, known))


def _find_offset(totals: np.ndarray, known: KnownPictures) -> float:
    """Return the total that at most `LOST_SHARE` of new groups are expected to exceed.

    The next group is as likely to rank anywhere among the known ones, hence a rank of n + 1
    (conformal prediction [1]_). Of fewer than 39 groups it is the highest total; of fewer than
    19, even that may lose more.

    References
    ----------
    .. [1] Vovk, V., Gammerman, A., Shafer, G. 2005, "Algorithmic learning in a random world",
       Springer.
    """
    chosen = known.sets_threshold if known.sets_threshold.any() else np.ones(len(totals), bool)
    _, group_of, sizes = np.unique(known.groups[chosen], return_inverse=True, return_counts=True)
    share = min((1 - LOST_SHARE) * (1 + 1 / len(sizes)), 1.0)
    weights = 1 / sizes[group_of]
    return float(np.quantile(totals[chosen], share, weights=weights, method="inverted_cdf"))
