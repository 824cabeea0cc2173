"""Time the trial of the networks, and cross-validate what it chooses; see `network_choice`."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass
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


@dataclass(frozen=True)
class _Dataset:
    """A dataset with the features of every network to compare.

    Attributes
    ----------
    index : DatasetIndex
    classes, groups : ndarray of int, (n_pictures,)
    networks : dict of str to ConvertedBackbone
    features : dict of str to ndarray of float32, (n_pictures, n_views, n_features)
    """

    index: Any
    classes: Any
    groups: Any
    networks: dict[str, Any]
    features: dict[str, Any]


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

    from cluster_core.evaluation.out_of_fold import draw_folds
    from cluster_core.storage.cache_file import CacheFile
    from cluster_core.training.tensorflow_setup import set_up_tensorflow
    from cluster_core.workspace import Workspace

    set_up_tensorflow()
    folders = Workspace(Path(workspace))
    n_right: Counter[str] = Counter()
    choices: Counter[str] = Counter()
    with CacheFile(folders.bottlenecks) as cache:
        data = _load(Path(photos), Path(model_dir), folders, cache)
        for repeat in range(repeats):
            random = np.random.default_rng(repeat)
            folds = draw_folds(data.classes, data.groups, random, FOLDS)
            is_validation = (random.random(data.groups.max() + 1) < VALIDATION_SHARE)[data.groups]
            for fold in range(FOLDS):
                held_out = folds == fold
                found = {
                    name: _count_right(features, data.classes, held_out, is_validation)
                    for name, features in data.features.items()
                }
                chosen = {
                    "auto": _choose(data, held_out, SHIPPED, cache),
                    "auto of three": _choose(data, held_out, tuple(data.networks), cache),
                }
                choices[chosen["auto"]] += 1
                n_right.update(found)
                n_right.update({key: found[name] for key, name in chosen.items()})
    n_answers = repeats * len(data.classes)
    return {
        "accuracies": {key: count / n_answers for key, count in n_right.items()},
        "choices": {name: choices[name] for name in data.networks if choices[name]},
        "n_pictures": len(data.classes),
    }


def _load(photos: Path, model_dir: Path, folders: Any, cache: Any) -> _Dataset:
    import numpy as np

    from cluster_core.data.groups import group_pictures, list_copies
    from cluster_core.data.index import scan_dataset
    from cluster_core.model.backbones.conversion import prepare_backbone

    names = [*SHIPPED, *([ARTICLE] if find_weights(get_backbone(ARTICLE), model_dir) else [])]
    networks = {
        name: prepare_backbone(get_backbone(name), model_dir, folders.backbones) for name in names
    }
    index = scan_dataset(photos, cache)
    return _Dataset(
        index,
        np.array([index.labels.index(picture.label) for picture in index.pictures]),
        np.array(group_pictures(index.pictures, list_copies(index.pictures))),
        networks,
        {name: _compute_features(one, index.pictures, cache) for name, one in networks.items()},
    )


def _choose(data: _Dataset, held_out: Any, names: tuple[str, ...], cache: Any) -> str:
    """Return the network that a trial on the other pictures chooses."""
    from cluster_core.training.choice.sample import draw_sample
    from cluster_core.training.choice.trial import run_trial

    seen = [one for one, is_out in zip(data.index.pictures, held_out, strict=True) if not is_out]
    sample = draw_sample(seen)
    assert sample is not None
    return run_trial(sample, [data.networks[name] for name in names], cache).architecture


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


def _count_right(features: Any, classes: Any, held_out: Any, is_validation: Any) -> int:
    """Return how many pictures of a fold the default training labels correctly."""
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
    return int((answers == classes[held_out]).sum())
