"""Prepare a training: read its dataset, choose its network and make that ready."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from cluster_core.data.index import DatasetIndex, scan_dataset
from cluster_core.data.splits import BY_GROUP, Split, split_dataset
from cluster_core.model.backbones.conversion import prepare_backbone
from cluster_core.model.backbones.converted import ConvertedBackbone
from cluster_core.model.backbones.litert import load_extractor
from cluster_core.model.backbones.preprocessing import Preprocessing
from cluster_core.model.features.cache import BottleneckCache
from cluster_core.model.features.extraction import BottleneckSource
from cluster_core.storage.cache_file import CacheFile
from cluster_core.training.choice.decision import NetworkChoice
from cluster_core.training.choice.trial import choose_network
from cluster_core.training.config import TrainConfig
from cluster_core.training.events import (
    DatasetRead,
    EventHandler,
    NetworkChosen,
    Stage,
    StageProgress,
)
from cluster_core.training.on_cluster import compute_ahead, leave_out
from cluster_core.training.outputs import TrainingOutputs
from cluster_core.workspace import Workspace

if TYPE_CHECKING:
    from cluster_core.storage.dask_cluster import DaskCluster

_KILO = 1000


@dataclass(frozen=True)
class Preparation:
    """What is ready before the features of a training are computed.

    Attributes
    ----------
    config : TrainConfig
        The settings, with the chosen network.
    index : DatasetIndex
    split : Split
    choice : NetworkChoice or None
        None if the settings name the network.
    backbone : ConvertedBackbone
    source : BottleneckSource
    """

    config: TrainConfig
    index: DatasetIndex
    split: Split
    choice: NetworkChoice | None
    backbone: ConvertedBackbone
    source: BottleneckSource

    def compute_ahead(self, cluster: DaskCluster, on_event: EventHandler) -> Preparation:
        """Fill the cache of features on a cluster; leave out pictures that kill its workers.

        Raises
        ------
        ImageError, RunError
            As `compute_on_cluster`.
        """
        given_up = compute_ahead(self.config, self.split, self.source, cluster, on_event)
        if not given_up:
            return self
        index = leave_out(self.index, given_up)
        return replace(self, index=index, split=_split(self.config, index, on_event))


def prepare(
    config: TrainConfig,
    cache: CacheFile,
    workspace: Workspace,
    outputs: TrainingOutputs,
    on_event: EventHandler,
) -> Preparation:
    """Read and split the dataset, choose the network if its name is `auto`, and load that.

    Parameters
    ----------
    config : TrainConfig
    cache : CacheFile
        Of facts about pictures, and features.
    workspace : Workspace
    outputs : TrainingOutputs
        Name the folder of the network's weights.
    on_event : callable

    Raises
    ------
    DatasetError, ImageError, BackboneError, RunError
        As `train`.
    """

    def on_download(done_bytes: int, total_bytes: int) -> None:
        on_event(StageProgress(Stage.BACKBONE, done_bytes // _KILO, total_bytes // _KILO))

    index, split = _read_dataset(config, cache, on_event)
    on_event(StageProgress(Stage.BACKBONE))
    choice = _choose_network(config, index, split, workspace, on_event)
    if choice is not None:
        config = replace(config, architecture=choice.architecture)
    backbone = prepare_backbone(
        config.backbone,
        outputs.model_dir,
        workspace.backbones,
        # A folder the user named must have the weights. The workspace's own need not: an
        # earlier conversion is enough.
        any_weights=config.model_dir is None,
        on_download=on_download,
    )
    preprocessing = Preprocessing(config.backbone.input_size_px)
    bottlenecks = BottleneckCache(cache, backbone, preprocessing)
    source = BottleneckSource(load_extractor(backbone), preprocessing, bottlenecks)
    return Preparation(config, index, split, choice, backbone, source)


def _read_dataset(
    config: TrainConfig, cache: CacheFile, on_event: EventHandler
) -> tuple[DatasetIndex, Split]:
    def on_progress(done: int, total: int) -> None:
        on_event(StageProgress(Stage.READING, done, total))

    index = scan_dataset(config.image_dir, cache, on_progress)
    if config.split_version >= BY_GROUP:
        index = index.without_fingerprints()
    return index, _split(config, index, on_event)


def _split(config: TrainConfig, index: DatasetIndex, on_event: EventHandler) -> Split:
    split = split_dataset(
        index,
        testing_percentage=config.testing_percentage,
        validation_percentage=config.validation_percentage,
        version=config.split_version,
    )
    on_event(DatasetRead(index, split))
    return split


def _choose_network(
    config: TrainConfig,
    index: DatasetIndex,
    split: Split,
    workspace: Workspace,
    on_event: EventHandler,
) -> NetworkChoice | None:
    if not config.is_automatic:
        return None

    def on_progress(done: int, total: int) -> None:
        on_event(StageProgress(Stage.BACKBONE, done, total))

    choice = choose_network(config, index, split, workspace, on_progress)
    on_event(NetworkChosen(choice))
    return choice
