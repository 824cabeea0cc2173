"""Teach the novelty of the starter model: clusters against everything else that is rendered."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import cache
from itertools import repeat
from pathlib import Path

import numpy as np

from cluster_core.model.backbones.converted import ConvertedBackbone
from cluster_core.model.backbones.litert import FeatureExtractor, load_extractor
from cluster_core.model.backbones.registry import SKY_BACKBONE
from cluster_core.model.backbones.shipped import ASSETS, STARTER, load_shipped_record
from cluster_core.model.bundle.folder import load_bundle, save_bundle
from cluster_core.model.bundle.starter import NOVELTY, load_rehearsal
from cluster_core.model.features.views import SKY_VIEWS
from cluster_core.model.novelty import EvidencePrior, NoveltyDetector
from cluster_core.model.novelty.distance import fit_shapes
from cluster_core.model.novelty.fitting import LOST_SHARE, THRESHOLD, WEIGHT_BESIDE_ODDS
from cluster_core.sky import KINDS, render_picture
from cluster_core.sky.camera import sample_frame
from cluster_core.storage.hashing import hash_file
from pretraining.blocks import KIND_WEIGHTS, family_of
from pretraining.linear import Floats, fit_linear, sigmoid
from pretraining.others.kinds import OTHER_KINDS, PICTURES, SCENES, render_other

LOG = logging.getLogger("pretraining")
CLUSTER_KINDS = tuple(kind for kind in KINDS if family_of(kind) != "other")
# Shares of all clusters, of skies without a cluster, and of other pictures.
SHARES = (0.5, 0.35, 0.15)
PENALTY = 10.0
N_FOLDS = 5
# Few people have a deep field, which looks much like an open cluster.
WEIGHTS = {**KIND_WEIGHTS, "deep_field": 0.3}
# A cluster is plain to see if it has so many stars, if its half-light radius is so large a share
# of the picture, and if no gas outshines it.
MIN_LOG_RICHNESS, MIN_LOG_HALF_LIGHT, MAX_GAS_SIGMA = 1.5, -1.3, 1.0


@dataclass(frozen=True)
class RenderedFeatures:
    """Features of rendered pictures.

    Attributes
    ----------
    features : ndarray of float32, (n_pictures, n_views, n_features)
        Of all views of each picture: answers are their mean, which varies less than one of them.
    kinds : ndarray of str, (n_pictures,)
    is_plain : ndarray of bool, (n_pictures,)
        Whether it is a cluster that is plain to see.
    """

    features: Floats
    kinds: np.ndarray
    is_plain: np.ndarray

    @property
    def is_cluster(self) -> np.ndarray:
        """Whether each picture shows a cluster: bool, (n_pictures,)."""
        return np.isin(self.kinds, CLUSTER_KINDS)

    @property
    def weights(self) -> Floats:
        """Weight of each picture, with a mean of 1: those of a kind share what it has."""
        groups = np.select([self.is_cluster, np.isin(self.kinds, tuple(PICTURES))], [0, 2], 1)
        weights = np.zeros(len(self.kinds))
        for kind in np.unique(self.kinds):
            members = self.kinds == kind
            weights[members] = WEIGHTS.get(kind, 1.0) / members.sum()
        for number, share in enumerate(SHARES):
            weights[groups == number] *= share / weights[groups == number].sum()
        return weights * len(weights)


def render_features(folder: Path, seed: int, per_kind: int, processes: int) -> RenderedFeatures:
    """Render pictures of every kind and compute their features; finished kinds are kept.

    Parameters
    ----------
    folder : Path
        Gets one file for each kind.
    seed : int
    per_kind : int
        Pictures of each kind of sky; half as many of the others, which are easier.
    processes : int

    Returns
    -------
    RenderedFeatures
    """
    folder.mkdir(parents=True, exist_ok=True)
    kinds = (*CLUSTER_KINDS, *OTHER_KINDS)
    with ProcessPoolExecutor(processes) as pool:
        for kind in pool.map(_render_kind, kinds, repeat(folder), repeat(seed), repeat(per_kind)):
            LOG.info("rendered %s", kind)
    return load_features(folder)


def load_features(folder: Path) -> RenderedFeatures:
    """Load what `render_features` kept."""
    parts = [(path.stem, np.load(path)) for path in sorted(folder.glob("*.npz"))]
    return RenderedFeatures(
        np.concatenate([part["features"] for _, part in parts]).astype(np.float32),
        np.concatenate([np.full(len(part["features"]), kind) for kind, part in parts]),
        np.concatenate([part["is_plain"] for _, part in parts]),
    )


def _render_kind(kind: str, folder: Path, seed: int, per_kind: int) -> str:
    path = folder / f"{kind}.npz"
    if not path.exists():
        count = per_kind // 2 if kind in PICTURES else per_kind
        rngs = [np.random.default_rng([seed, sum(map(ord, kind)), n]) for n in range(count)]
        is_plain = [kind in CLUSTER_KINDS and is_plain_to_see(kind, rng) for rng in _copy(rngs)]
        features = np.stack([_compute_features(rng, kind) for rng in rngs])
        np.savez_compressed(path, features=features.astype(np.float16), is_plain=is_plain)
    return kind


def _copy(rngs: list[np.random.Generator]) -> Iterator[np.random.Generator]:
    for rng in rngs:
        copied = np.random.default_rng()
        copied.bit_generator.state = rng.bit_generator.state
        yield copied


def _compute_features(rng: np.random.Generator, kind: str) -> Floats:
    is_of_sky = kind in KINDS
    pixels = render_picture(rng, kind).pixels if is_of_sky else render_other(rng, kind)
    return _load_extractor().extract([view.apply(pixels) for view in SKY_VIEWS])


@cache
def _load_extractor() -> FeatureExtractor:
    record: ConvertedBackbone = load_shipped_record(SKY_BACKBONE)
    return load_extractor(record, 1)


def is_plain_to_see(kind: str, rng: np.random.Generator) -> bool:
    """Return whether the cluster that a generator is about to render is plain to see."""
    frame = sample_frame(rng)
    scene = KINDS[kind].draw(rng, frame)
    gas = 0.0
    if scene.glow is not None and kind.startswith("open_"):
        gas = float(np.quantile(frame.crop(scene.glow).max(axis=2), 0.9))
    labels = scene.labels
    is_rich = labels.log_richness > MIN_LOG_RICHNESS
    return is_rich and labels.log_half_light > MIN_LOG_HALF_LIGHT and gas <= MAX_GAS_SIGMA


def fit_evidence(rendered: RenderedFeatures, chosen: np.ndarray) -> EvidencePrior:
    """Fit the odds that a picture is not a cluster to some of the pictures.

    Parameters
    ----------
    rendered : RenderedFeatures
    chosen : ndarray of bool, (n_pictures,)

    Returns
    -------
    EvidencePrior
    """
    n_views, n_features = rendered.features.shape[1:]
    rows = rendered.features[chosen].reshape(-1, n_features)
    targets = np.repeat(~rendered.is_cluster[chosen], n_views).astype(int)
    weights = np.repeat(rendered.weights[chosen], n_views)
    weights /= weights.mean()
    head = fit_linear(rows, targets, PENALTY, weights)
    standard = np.hstack([(rows - head.centre) / head.spread, np.ones((len(rows), 1))])
    odds = sigmoid(standard @ head.weights)
    share = np.average(targets, weights=weights)
    weights *= np.where(targets == 1, 0.5 / share, 0.5 / (1 - share)) * odds * (1 - odds)
    precision = (standard * weights[:, np.newaxis]).T @ standard / len(rows)
    precision += np.diag(np.append(np.full(n_features, PENALTY / len(rows)), 1e-6))
    # From standardised to plain features.
    slopes = head.weights[:-1] / head.spread
    log_odds = np.append(slopes, head.weights[-1] - slopes @ head.centre)
    to_standard = np.diag(np.append(head.spread, 1.0))
    to_standard[-1, :-1] = head.centre
    return EvidencePrior(log_odds, to_standard.T @ precision @ to_standard)


def ship_novelty(rendered: RenderedFeatures, assets: Path = ASSETS) -> dict[str, float]:
    """Write what retrained models start from, and the novelty of the starter model.

    Its threshold loses 5 % of the rendered clusters that are plain to see, each of which is
    measured by odds that were fitted without it.

    Parameters
    ----------
    rendered : RenderedFeatures
    assets : Path
        Folder of the shipped files.

    Returns
    -------
    dict
        On held-out pictures: the shares that are rejected, by what they show.
    """
    shapes = fit_shapes(*load_rehearsal(assets)).truncate()
    fold = np.random.default_rng(0).permutation(len(rendered.kinds)) % N_FOLDS
    totals = np.empty(len(rendered.kinds))

    def make_detector(evidence: EvidencePrior, offset: float = 0.0) -> NoveltyDetector:
        log_odds = evidence.log_odds.astype(np.float32)
        return NoveltyDetector(shapes, log_odds, WEIGHT_BESIDE_ODDS, offset, THRESHOLD)

    for number in range(N_FOLDS):
        detector = make_detector(fit_evidence(rendered, fold != number))
        totals[fold == number] = detector.add_up(rendered.features[fold == number])
    offset = _find_quantile(
        totals[rendered.is_plain], rendered.weights[rendered.is_plain], 1 - LOST_SHARE
    )
    evidence = fit_evidence(rendered, np.ones(len(fold), bool))
    np.savez_compressed(
        assets / NOVELTY,
        log_odds=evidence.log_odds,
        precision=evidence.precision,  # rounded to single precision, it may not be positive
    )
    starter = load_bundle(assets / STARTER)
    dataset = {**starter.dataset, "novelty_sha256": hash_file(assets / NOVELTY)}
    novelty = make_detector(evidence, offset)
    save_bundle(replace(starter, name=STARTER, novelty=novelty, dataset=dataset), assets)
    is_novel = totals > offset
    groups = {
        "clusters plain to see": rendered.is_plain,
        "all clusters": rendered.is_cluster,
        "skies without a cluster": np.isin(rendered.kinds, tuple(SCENES)),
        "other pictures": np.isin(rendered.kinds, tuple(PICTURES)),
    }
    return {name: float(is_novel[chosen].mean()) for name, chosen in groups.items()}


def _find_quantile(values: Floats, weights: Floats, share: float) -> float:
    order = np.argsort(values)
    return float(np.interp(share, np.cumsum(weights[order]) / weights.sum(), values[order]))
