"""Paths inside the workspace."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

DEFAULT_ROOT = "tf_files"
DATASET_SUFFIX = "_photos"
ROOT_VARIABLE = "CLUSTER_LAB_WORKSPACE"
RETRAINED_LABELS = "retrained_labels.txt"


@dataclass(frozen=True)
class Workspace:
    """The user's data on disk.

    Attributes
    ----------
    root : Path
        The folder: `tf_files`, unless the environment variable
        CLUSTER_LAB_WORKSPACE names another one.
    """

    root: Path

    @classmethod
    def default(cls) -> Workspace:
        """Return the workspace named by CLUSTER_LAB_WORKSPACE, else ./tf_files."""
        return cls(Path(os.environ.get(ROOT_VARIABLE) or DEFAULT_ROOT))

    @property
    def cluster_photos(self) -> Path:
        """The default dataset: one sub-folder per class."""
        return self.root / "cluster_photos"

    @property
    def trash(self) -> Path:
        """Deleted files that can still be restored."""
        return self.root / ".trash"

    @property
    def incoming(self) -> Path:
        """Staging folder for archives being unpacked."""
        return self.root / ".incoming"

    @property
    def answers(self) -> Path:
        """Pictures that visitors classify, and the answers, kept for a while."""
        return self.root / ".answers"

    @property
    def queues(self) -> Path:
        """Unlabelled pictures on their way into datasets, one folder per queue."""
        return self.root / "queues"

    @property
    def visitors(self) -> Path:
        """Throw-away workspaces of a demo's visitors, one folder per visitor."""
        return self.root / "visitors"

    @property
    def runs(self) -> Path:
        """Trainings started from the browser, one folder per run."""
        return self.root / "runs"

    @property
    def models(self) -> Path:
        """Pretrained weights, converted backbones and trained models."""
        return self.root / "models"

    @property
    def backbones(self) -> Path:
        """Backbones converted on this computer."""
        return self.models / "backbones"

    @property
    def imported_backbones(self) -> Path:
        """Converted backbones that came with models from elsewhere; trainings never use them."""
        return self.backbones / "imported"

    @property
    def bundles(self) -> Path:
        """Trained models, one folder per model."""
        return self.models / "bundles"

    @property
    def published(self) -> Path:
        """Published models, one folder per alias."""
        return self.root / "published"

    @property
    def exports(self) -> Path:
        """Models in other formats, made on the pages and kept until they are downloaded."""
        return self.root / ".exports"

    @property
    def signed_out(self) -> Path:
        """Hashes of sign-ins that were ended before they expired, one empty file each."""
        return self.root / ".signed_out"

    @property
    def default_model(self) -> Path:
        """The user's choice of default model; missing until one is chosen."""
        return self.models / "default_model.json"

    @property
    def api_keys(self) -> Path:
        """Hashes of the keys for the REST API."""
        return self.root / "api_keys.json"

    @property
    def last_dataset(self) -> Path:
        """The dataset used last; missing until one is chosen or created on the pages."""
        return self.root / ".last_dataset.json"

    @property
    def last_sort(self) -> Path:
        """The folder that was sorted last on the Classify page; missing until one was."""
        return self.root / ".last_sort.json"

    @property
    def bottlenecks(self) -> Path:
        """The folder of the bottleneck cache."""
        return self.root / "bottlenecks"

    @property
    def training_summaries(self) -> Path:
        """Event files for TensorBoard, one folder per architecture or browser run."""
        return self.root / "training_summaries"

    @property
    def retrained_graph(self) -> Path:
        """The frozen graph of the latest retraining."""
        return self.root / "retrained_graph.pb"

    @property
    def retrained_labels(self) -> Path:
        """The class names of `retrained_graph`, one per line."""
        return self.root / RETRAINED_LABELS

    @property
    def intermediate_graphs(self) -> Path:
        """Frozen graphs stored during a training."""
        return self.root / "intermediate_graphs"

    @property
    def training_lock(self) -> Path:
        """Lock file of a running training."""
        return self.root / ".training.lock"

    def list_training_locks(self, count: int) -> tuple[Path, ...]:
        """Return one lock file for each of `count` concurrent trainings, at least one."""
        more = (self.root / f".training-{number}.lock" for number in range(2, count + 1))
        return (self.training_lock, *more)

    @property
    def export_lock(self) -> Path:
        """Lock file held while the graph and its labels are replaced."""
        return self.root / ".exporting.lock"
