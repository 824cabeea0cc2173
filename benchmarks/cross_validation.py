"""Repeated cross-validation of the default retraining, with features computed once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

FOLDS = 5
VALIDATION_SHARE = 0.1


@dataclass(frozen=True)
class Outcome:
    """The result of a cross-validation.

    Attributes
    ----------
    accuracies : list of float
        Accuracy over all pictures, 0 to 1, for each repeat.
    confusion : ndarray of shape (n_labels, n_labels), int
        Number of pictures by true class (rows) and answer (columns), summed over the repeats.
    """

    accuracies: list[float]
    confusion: np.ndarray


def measure(  # noqa: PLR0913 (JSON arguments of another process)
    *,
    photos: str,
    model_dir: str,
    workspace: str,
    architecture: str,
    repeats: int,
    from_starter: bool,
) -> Any:
    """Cross-validate one network in this process; see `run_isolated`.

    Parameters
    ----------
    photos, model_dir, workspace : str
        Folders of the dataset, of the pretrained weights, and of the cached features.
    architecture : str
        Name of the network.
    repeats : int
        Repeats of the cross-validation.
    from_starter : bool
        Whether the training rehearses what the starter model knows.

    Returns
    -------
    dict
        `accuracies` and `confusion` of `Outcome`, as lists.
    """
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
    folders = Workspace(Path(workspace))
    config = TrainConfig(
        Path(photos), architecture=architecture, sky_views=True, from_starter=from_starter
    )
    backbone = prepare_backbone(config.backbone, Path(model_dir), folders.backbones)
    preprocessing = Preprocessing(config.backbone.input_size_px)
    with CacheFile(folders.bottlenecks) as cache:
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
    """Group copies and pictures of the same object.

    Parameters
    ----------
    pictures : sequence of Picture
        The n pictures of a dataset.

    Returns
    -------
    ndarray of shape (n,), int
        The group of each picture.
    """
    from cluster_core.data.copies import find_copies
    from cluster_core.data.subjects import extract_subject

    subjects = [extract_subject(picture.path.name) for picture in pictures]
    groups = np.array([subjects.index(subject) for subject in subjects])
    for first, second in find_copies([picture.fingerprint for picture in pictures]):
        groups[groups == groups[second]] = groups[first]
    return groups


def cross_validate(
    examples: Any, groups: np.ndarray, config: Any, labels: tuple[str, ...], repeats: int
) -> Outcome:
    """Cross-validate with pictures of a group in the same fold.

    About a tenth of the groups that are not held out serves as validation pictures.

    Parameters
    ----------
    examples : Examples
        Features and classes of the n pictures.
    groups : ndarray of shape (n,), int
        The group of each picture, from 0 on.
    config : TrainConfig
        Settings of the trainings.
    labels : tuple of str
        The classes.
    repeats : int
        Repeats, each with other folds.

    Returns
    -------
    Outcome
    """
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
                select(examples, ~held_out & ~is_validation),
                select(examples, ~held_out & is_validation),
                config.head_settings,
                prior,
            )
            answers[held_out] = fitted.head.compute_scores(examples.features[held_out]).argmax(1)
        np.add.at(confusion, (examples.classes, answers), 1)
        accuracies.append(float((answers == examples.classes).mean()))
    return Outcome(accuracies, confusion)


def select(examples: Any, rows: np.ndarray) -> Any:
    """Return the examples of some pictures, given by index or as a mask of shape (n,)."""
    from cluster_core.model.head.examples import Examples

    return Examples(examples.features[rows], examples.classes[rows], examples.n_labels)
