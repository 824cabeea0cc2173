"""Repeated cross-validation of the default retraining on features that are computed once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

FOLDS = 5
VALIDATION_SHARE = 0.1


@dataclass(frozen=True)
class Outcome:
    """What cross-validation found.

    Attributes
    ----------
    accuracies : list of float
        One a repeat, over all pictures.
    confusion : ndarray of int, (n_labels, n_labels)
        True class by answer, summed over the repeats.
    """

    accuracies: list[float]
    confusion: np.ndarray


def measure(
    photos: str,
    model_dir: str,
    workspace: str,
    architecture: str,
    repeats: int,
    from_starter: bool,
) -> Any:
    """Cross-validate one architecture; bottlenecks are computed, or come from the cache."""
    from cluster_core.data.index import scan_dataset
    from cluster_core.model.backbones.conversion import prepare_backbone
    from cluster_core.model.backbones.litert import load_extractor
    from cluster_core.model.backbones.preprocessing import Preprocessing
    from cluster_core.model.features.cache import BottleneckCache
    from cluster_core.model.features.extraction import BottleneckSource
    from cluster_core.model.features.views import SKY_VIEWS
    from cluster_core.model.head.examples import Examples
    from cluster_core.storage.cache_file import CacheFile
    from cluster_core.training.config import TrainConfig
    from cluster_core.training.tensorflow_setup import set_up_tensorflow
    from cluster_core.workspace import Workspace

    set_up_tensorflow()
    place = Workspace(Path(workspace))
    config = TrainConfig(
        Path(photos), architecture=architecture, sky_views=True, from_starter=from_starter
    )
    backbone = prepare_backbone(config.backbone, Path(model_dir), place.backbones)
    preprocessing = Preprocessing(config.backbone.input_size_px)
    with CacheFile(place.bottlenecks) as cache:
        index = scan_dataset(config.image_dir, cache)
        source = BottleneckSource(
            load_extractor(backbone), preprocessing, BottleneckCache(cache, backbone, preprocessing)
        )
        features = source.compute(index.pictures, SKY_VIEWS)
    classes = np.array([index.labels.index(picture.label) for picture in index.pictures])
    examples = Examples(features, classes, len(index.labels))
    groups = group_pictures(index.pictures)
    outcome = cross_validate(examples, groups, config, index.labels, repeats)
    return {"accuracies": outcome.accuracies, "confusion": outcome.confusion.tolist()}


def group_pictures(pictures: Any) -> np.ndarray:
    """Return a number for each picture, the same for copies and for pictures of one object."""
    from cluster_core.data.fingerprints import find_copies
    from cluster_core.data.splits import name_subject

    subjects = [name_subject(picture.path.name) for picture in pictures]
    groups = np.array([subjects.index(subject) for subject in subjects])
    for first, second in find_copies([picture.fingerprint for picture in pictures]):
        groups[groups == groups[second]] = groups[first]
    return groups


def cross_validate(
    examples: Any, groups: np.ndarray, config: Any, labels: tuple[str, ...], repeats: int
) -> Outcome:
    """Hold out each fold in turn; a tenth of the other groups stops the training early."""
    from cluster_core.model.bundle.starter import find_prior
    from cluster_core.model.head.training import fit_head

    prior = find_prior(config.architecture, labels) if config.from_starter else None
    confusion = np.zeros((examples.n_labels, examples.n_labels), int)
    accuracies = []
    for repeat in range(repeats):
        random = np.random.default_rng(repeat)
        fold_of_group = random.permutation(np.arange(groups.max() + 1) % FOLDS)
        folds = fold_of_group[groups]
        is_validation = (random.random(groups.max() + 1) < VALIDATION_SHARE)[groups]
        answers = np.empty_like(examples.classes)
        for fold in range(FOLDS):
            held_out = folds == fold
            fitted = fit_head(
                _take(examples, ~held_out & ~is_validation),
                _take(examples, ~held_out & is_validation),
                config.head_settings,
                prior,
            )
            answers[held_out] = fitted.head.compute_scores(examples.features[held_out]).argmax(1)
        np.add.at(confusion, (examples.classes, answers), 1)
        accuracies.append(float((answers == examples.classes).mean()))
    return Outcome(accuracies, confusion)


def _take(examples: Any, chosen: np.ndarray) -> Any:
    from cluster_core.model.head.examples import Examples

    return Examples(examples.features[chosen], examples.classes[chosen], examples.n_labels)
