"""What a training tells while it runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from cluster_core.data.index import DatasetIndex
from cluster_core.data.splits import Split
from cluster_core.model.head.settings import Evaluation


class Stage(StrEnum):
    """The parts of a training, in order."""

    READING = "Reading pictures"
    BACKBONE = "Preparing the network"
    BOTTLENECKS = "Computing bottlenecks"
    TRAINING = "Training"
    TESTING = "Testing"
    SAVING = "Saving"


# In these there is a best head so far, for those who stop a training.
STAGES_WITH_A_HEAD = (Stage.TRAINING, Stage.TESTING, Stage.SAVING)


@dataclass(frozen=True)
class StageProgress:
    """How far a stage is: `done` of `total` pictures; a stage without a count has total 0."""

    stage: Stage
    done: int = 0
    total: int = 0


@dataclass(frozen=True)
class DatasetRead:
    """What is there to learn from, and how it was split."""

    index: DatasetIndex
    split: Split


TrainEvent = StageProgress | DatasetRead | Evaluation
EventHandler = Callable[[TrainEvent], None]
