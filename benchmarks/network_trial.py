"""Time the trial of the networks, and cross-validate what it chooses; see `network_choice`."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from cluster_core.model.backbones.registry import (
    EVERYDAY_BACKBONE,
    SKY_BACKBONE,
    get_backbone,
)
from cluster_core.model.backbones.weights import find_weights

FOLDS = 5
VALIDATION_SHARE = 0.1
SHIPPED = (SKY_BACKBONE.name, EVERYDAY_BACKBONE.name)
ARTICLE = "mobilenet_0.50_224"


def measure_trial(*, photos: str, workspace: str) -> dict[str, Any]:
    """Time the trial of the shipped networks, with a fresh cache and again with its features.

    Parameters
    ----------
    photos, workspace : str
        Folders of the dataset, and of the cached features, which must not exist yet.

    Returns
    -------
    dict
        `chosen`, the name of the network; `words`, the figures; and the seconds `cold`, `warm`
        (features cached, the result not) and `again` (the result cached).
    """
    from cluster_core.data.index import scan_dataset
    from cluster_core.data.splits import split_dataset
    from cluster_core.storage.cache_file import CacheFile
    from cluster_core.training.choice import store
    from cluster_core.training.choice.decision import describe_choice
    from cluster_core.training.choice.trial import choose_network
    from cluster_core.training.config import TrainConfig
    from cluster_core.workspace import Workspace

    folders = Workspace(Path(workspace))
    config = TrainConfig(Path(photos), architecture="auto")
    with CacheFile(folders.bottlenecks) as cache:
        index = scan_dataset(config.image_dir, cache)
    split = split_dataset(index, testing_percentage=10, validation_percentage=10)
    seconds = []
    for version in (-1, -2, -2):
        store.VERSION = version  # as if an earlier result were outdated
        started_s = time.perf_counter()
        choice = choose_network(config, index, split, folders)
        seconds.append(time.perf_counter() - started_s)
    return {
        "chosen": choice.architecture,
        "words": describe_choice(choice, precision=1),
        **dict(zip(("cold", "warm", "again"), seconds, strict=True)),
    }


def cross_validate(*, photos: str, model_dir: str, workspace: str, repeats: int) -> dict[str, Any]:
    """Cross-validate the networks, and the choice among them, in this process.

    Parameters
    ----------
    photos, model_dir, workspace : str
        Folders of the dataset, of the pretrained weights, and of the cached features.
    repeats : int
        Repeats of the cross-validation, each with other folds.

    Returns
    -------
    dict
        `accuracies`, 0 to 1, of each network, of `auto` among the shipped ones, and of `auto of
        three` among all; `choices`, how often `auto` took which; and `n_pictures`.
    """
    import numpy as np

    from cluster_core.data.groups import group_pictures, list_copies
    from cluster_core.data.index import scan_dataset
    from cluster_core.evaluation.out_of_fold import draw_folds
    from cluster_core.model.backbones.conversion import prepare_backbone
    from cluster_core.storage.cache_file import CacheFile
    from cluster_core.training.choice.sample import draw_sample
    from cluster_core.training.choice.trial import run_trial
    from cluster_core.training.tensorflow_setup import set_up_tensorflow
    from cluster_core.workspace import Workspace

    set_up_tensorflow()
    folders = Workspace(Path(workspace))
    names = [*SHIPPED, *([ARTICLE] if find_weights(get_backbone(ARTICLE), Path(model_dir)) else [])]
    networks = {
        name: prepare_backbone(get_backbone(name), Path(model_dir), folders.backbones)
        for name in names
    }
    with CacheFile(folders.bottlenecks) as cache:
        index = scan_dataset(Path(photos), cache)
        classes = np.array([index.labels.index(picture.label) for picture in index.pictures])
        groups = np.array(group_pictures(index.pictures, list_copies(index.pictures)))
        right: dict[str, list[float]] = {}
        choices: list[str] = []
        features = {
            name: _compute_features(network, index.pictures, cache)
            for name, network in networks.items()
        }
        for repeat in range(repeats):
            random = np.random.default_rng(repeat)
            folds = draw_folds(classes, groups, random, FOLDS)
            is_validation = (random.random(groups.max() + 1) < VALIDATION_SHARE)[groups]
            for fold in range(FOLDS):
                held_out = folds == fold
                shares = {
                    name: _test_fold(name, features[name], classes, held_out, is_validation)
                    for name in names
                }
                seen = [one for one, out in zip(index.pictures, held_out, strict=True) if not out]
                sample = draw_sample(seen)
                assert sample is not None
                for key, known in (("auto", SHIPPED), ("auto of three", tuple(names))):
                    chosen = run_trial(sample, [networks[name] for name in known], cache)
                    shares[key] = shares[chosen.architecture]
                    if key == "auto":
                        choices.append(chosen.architecture)
                for key, share in shares.items():
                    right.setdefault(key, []).append(share * held_out.sum())
    n_answers = repeats * len(classes)
    accuracies = {key: float(sum(counts) / n_answers) for key, counts in right.items()}
    return {
        "accuracies": accuracies,
        "choices": {name: choices.count(name) for name in names if name in choices},
        "n_pictures": len(classes),
    }


def _compute_features(network: Any, pictures: Any, cache: Any) -> Any:
    from cluster_core.model.backbones.litert import load_extractor
    from cluster_core.model.backbones.preprocessing import Preprocessing
    from cluster_core.model.features.cache import BottleneckCache
    from cluster_core.model.features.extraction import BottleneckSource
    from cluster_core.model.features.views import PLAIN_VIEWS, SKY_VIEWS

    preprocessing = Preprocessing(network.spec.input_size_px)
    source = BottleneckSource(
        load_extractor(network), preprocessing, BottleneckCache(cache, network, preprocessing)
    )
    return source.compute(pictures, SKY_VIEWS if network.spec.is_for_sky else PLAIN_VIEWS)


def _test_fold(name: str, features: Any, classes: Any, held_out: Any, is_validation: Any) -> float:
    """Return the accuracy of the default training on the pictures of one fold."""
    from cluster_core.model.head.examples import Examples
    from cluster_core.model.head.settings import HeadSettings
    from cluster_core.model.head.training import fit_head

    def select(rows: Any) -> Examples:
        return Examples(features[rows], classes[rows], int(classes.max()) + 1)

    # Without the simulated clusters that the two classes of the starter model learn as well.
    fitted = fit_head(
        select(~held_out & ~is_validation), select(~held_out & is_validation), HeadSettings()
    )
    answers = fitted.head.compute_scores(features[held_out]).argmax(axis=1)
    return float((answers == classes[held_out]).mean())
