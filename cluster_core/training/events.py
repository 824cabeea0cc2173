"""The events that a training reports while it runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from cluster_core.data.index import DatasetIndex
from cluster_core.data.splits import Split
from cluster_core.model.head.settings import Evaluation
from cluster_core.training.choice.decision import NetworkChoice


class Stage(StrEnum):
    """The stages of a training, in order."""

    READING = "Reading pictures"
    BACKBONE = "Preparing the network"
    BOTTLENECKS = "Computing bottlenecks"
    TRAINING = "Training"
    TESTING = "Testing"
    SAVING = "Saving"


# From these stages on, a stopped training has a best head to keep.
STAGES_WITH_A_HEAD = (Stage.TRAINING, Stage.TESTING, Stage.SAVING)


@dataclass(frozen=True)
class StageProgress:
    """The progress within a stage.

    Attributes
    ----------
    stage : Stage
    done, total : int
        Pictures processed, and pictures in all; for the download of a network, kilobytes. Both
        are 0 for a stage that is not counted.
    """

    stage: Stage
    done: int = 0
    total: int = 0


@dataclass(frozen=True)
class DatasetRead:
    """The dataset has been read and split."""

    index: DatasetIndex
    split: Split


@dataclass(frozen=True)
class NetworkChosen:
    """The architecture `auto` has become a network."""

    choice: NetworkChoice


TrainEvent = StageProgress | DatasetRead | NetworkChosen | Evaluation
EventHandler = Callable[[TrainEvent], None]
