"""Try the networks at hand on a sample of a dataset, and choose one."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import numpy as np

from cluster_core.data.index import DatasetIndex, Picture, Progress
from cluster_core.data.splits import Split
from cluster_core.errors import BackboneError, ImageError, RunError
from cluster_core.model.backbones.converted import ConvertedBackbone
from cluster_core.model.backbones.litert import load_extractor
from cluster_core.model.backbones.preprocessing import Preprocessing
from cluster_core.model.backbones.registry import DEFAULT_ARCHITECTURE
from cluster_core.model.features.cache import BottleneckCache
from cluster_core.model.features.extraction import BottleneckSource
from cluster_core.model.features.views import PLAIN_VIEWS
from cluster_core.storage.cache_file import CacheFile
from cluster_core.training.choice.cross_validation import cross_validate
from cluster_core.training.choice.decision import (
    NetworkChoice,
    choose_by_figures,
    choose_without_trial,
)
from cluster_core.training.choice.networks import find_prepared, prepare_networks
from cluster_core.training.choice.sample import Sample, draw_sample
from cluster_core.training.choice.star_fields import measure_star_fields
from cluster_core.training.choice.store import TrialStore
from cluster_core.training.config import TrainConfig
from cluster_core.workspace import Workspace

_logger = logging.getLogger(__name__)


def choose_network(
    config: TrainConfig,
    index: DatasetIndex,
    split: Split,
    workspace: Workspace,
    on_progress: Progress = lambda done, total: None,
) -> NetworkChoice:
    """Choose the network for a training, from an earlier trial or by a new one.

    The pictures of the final test take no part, so that it stays a test on unseen pictures.

    Parameters
    ----------
    config : TrainConfig
        Settings of the training; its architecture does not matter.
    index : DatasetIndex
        The dataset.
    split : Split
        Its division into sides.
    workspace : Workspace
        Has the networks, and keeps the features and the result.
    on_progress : callable, optional
        Called with the number of features computed and their total, and with (0, 1) while a
        network is converted before. An exception in it stops the trial; the features are kept.

    Returns
    -------
    NetworkChoice

    Raises
    ------
    RunError
        The cache cannot be read or written.
    """
    pictures = list_candidates(split)
    with CacheFile(config.bottleneck_dir or workspace.bottlenecks) as cache:
        networks = prepare_networks(config, workspace, on_progress)
        while networks and (sample := draw_sample(pictures)) is not None:
            try:
                choice = _obtain_choice(sample, networks, cache, on_progress)
                TrialStore(cache).save_latest(index.sha256, choice)
                return choice
            except ImageError as error:  # of a file that was changed since it was indexed
                readable = tuple(one for one in pictures if one.path.name != error.path)
                if len(readable) == len(pictures):
                    raise
                pictures = readable
    names = [network.name for network in networks] or [DEFAULT_ARCHITECTURE]
    return choose_without_trial(names, measure_star_fields(pictures))


def find_choice(config: TrainConfig, split: Split, workspace: Workspace) -> NetworkChoice | None:
    """Return the choice of an earlier trial on the same pictures and networks, or None.

    Raises
    ------
    RunError
        The cache cannot be read.
    """
    folder = config.bottleneck_dir or workspace.bottlenecks
    networks = find_prepared(config, workspace)
    sample = draw_sample(list_candidates(split))
    if not networks or sample is None or not folder.is_dir():
        return None
    with CacheFile(folder) as cache:
        return TrialStore(cache).load(sample, networks)


def find_latest_choice(dataset_sha256: str, workspace: Workspace) -> NetworkChoice | None:
    """Return the choice of the latest trial on a dataset, whatever its networks, or None.

    Raises
    ------
    RunError
        The cache cannot be read.
    """
    if not workspace.bottlenecks.is_dir():
        return None
    with CacheFile(workspace.bottlenecks) as cache:
        return TrialStore(cache).load_latest(dataset_sha256)


def list_candidates(split: Split) -> tuple[Picture, ...]:
    """Return the pictures that a trial may use: those for training and for validation."""
    return split.training + split.validation


def _obtain_choice(
    sample: Sample,
    networks: Sequence[ConvertedBackbone],
    cache: CacheFile,
    on_progress: Progress,
) -> NetworkChoice:
    store = TrialStore(cache)
    choice = store.load(sample, networks)
    if choice is None:
        choice = run_trial(sample, networks, cache, on_progress)
        store.save(sample, networks, choice)
    return choice


def run_trial(
    sample: Sample,
    networks: Sequence[ConvertedBackbone],
    cache: CacheFile,
    on_progress: Progress = lambda done, total: None,
) -> NetworkChoice:
    """Cross-validate a quick head on each network's features of the pictures as they are.

    Parameters
    ----------
    sample : Sample
    networks : sequence of ConvertedBackbone
        At least one, each of which LiteRT can run. Those that compute numbers that are not
        finite are left out.
    cache : CacheFile
        Keeps the features, for the training and for other trials.
    on_progress : callable, optional
        As for `choose_network`.

    Raises
    ------
    ImageError
        A picture can no longer be read.
    """
    star_share = measure_star_fields(sample.pictures)
    n_pictures = len(sample.pictures)
    shares: dict[str, np.ndarray] = {}
    total = n_pictures * len(networks)
    for number, network in enumerate(networks):

        def report(done: int, _: int, before: int = number * n_pictures) -> None:
            on_progress(before + done, total)

        try:
            rows = _compute_features(sample, network, cache, report)
        except (BackboneError, RunError) as error:
            _logger.warning("%s is not tried: %s", network.name, error)
            continue
        shares[network.name] = cross_validate(rows, sample.classes, sample.groups)
    if not shares:
        return choose_without_trial([network.name for network in networks], star_share)
    return choose_by_figures(shares, sample.groups, star_share)


def _compute_features(
    sample: Sample, network: ConvertedBackbone, cache: CacheFile, on_progress: Progress
) -> np.ndarray:
    """Return the features of the pictures as they are: float32, (n_pictures, n_features)."""
    preprocessing = Preprocessing(network.spec.input_size_px)
    source = BottleneckSource(
        load_extractor(network), preprocessing, BottleneckCache(cache, network, preprocessing)
    )
    return source.compute(sample.pictures, PLAIN_VIEWS, on_progress)[:, 0]
