"""Train a model on a folder of pictures. Importing this loads TensorFlow."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from tensorflow.compat.v1 import GraphDef

from cluster_core.data.index import DatasetIndex
from cluster_core.data.splits import Split
from cluster_core.errors import BundleError, RunError
from cluster_core.evaluation.learned_pictures import record_learned
from cluster_core.evaluation.model_evaluation import ModelEvaluation, evaluate_training
from cluster_core.evaluation.scores import Metrics
from cluster_core.model.backbones.converted import ConvertedBackbone
from cluster_core.model.bundle.bundle import ModelBundle
from cluster_core.model.bundle.collection import record_cross_validation
from cluster_core.model.bundle.folder import save_bundle
from cluster_core.model.bundle.starter import find_prior
from cluster_core.model.export.frozen_graph import save_graph
from cluster_core.model.head.head import Head
from cluster_core.model.head.settings import Evaluation, FitCallbacks
from cluster_core.model.head.training import FittedHead, fit_head
from cluster_core.storage.cache_file import CacheFile
from cluster_core.training.assessment import calibrate, run_final_test
from cluster_core.training.config import TrainConfig
from cluster_core.training.events import (
    EventHandler,
    Stage,
    StageProgress,
)
from cluster_core.training.examples import ReducedExamples, TrainingExamples, compute_examples
from cluster_core.training.exports import assemble_bundle, export, make_graph, record_choice
from cluster_core.training.locks import hold_summaries_lock, hold_training_lock
from cluster_core.training.novelty import add_novelty
from cluster_core.training.outputs import TrainingOutputs
from cluster_core.training.preparation import Preparation, prepare
from cluster_core.training.summaries import TensorBoardSummaries
from cluster_core.training.tensorflow_setup import set_up_tensorflow
from cluster_core.workspace import Workspace

if TYPE_CHECKING:
    from cluster_core.storage.dask_cluster import DaskCluster


@dataclass(frozen=True, repr=False)
class TrainingResult:
    """The outcome of a training.

    Attributes
    ----------
    bundle : ModelBundle
        The model.
    folder : Path
        The folder the model was saved to.
    metrics : Metrics
        Result of the final test.
    index : DatasetIndex
        The dataset.
    split : Split
        Its division into training, validation and test pictures.
    evaluation : ModelEvaluation
        Cross-validation on all pictures, and all scores of the test pictures.
    """

    bundle: ModelBundle
    folder: Path
    metrics: Metrics
    index: DatasetIndex
    split: Split
    evaluation: ModelEvaluation

    def __repr__(self) -> str:
        return f"TrainingResult({str(self.folder)!r}, {self.metrics!r})"


def train(
    config: TrainConfig,
    workspace: Workspace | None = None,
    on_event: EventHandler = lambda event: None,
    is_stopped: Callable[[], bool] = lambda: False,
    cluster: DaskCluster | None = None,
) -> TrainingResult:
    """Train a model on a folder with one sub-folder of pictures per class.

    Parameters
    ----------
    config : TrainConfig
        The settings, including the folder of pictures.
    workspace : Workspace, optional
        The workspace for caches and results; `Workspace.default()` by default.
    on_event : callable, optional
        Called with every `TrainEvent`. An exception from it stops the training: caches are kept,
        and no partial output is left behind.
    is_stopped : callable, optional
        Polled while the head is fitted. Once it returns True, the best head so far is tested and
        saved.
    cluster : DaskCluster, optional
        The computers that compute the features of pictures; only this one by default.

    Returns
    -------
    TrainingResult

    Raises
    ------
    DatasetError, ImageError
        The dataset has too few usable pictures or classes, or a picture became unreadable.
    BackboneError
        The network's weights are missing or cannot be converted.
    ConfigError
        An output path is not usable, or CLUSTER_LAB_TRAININGS_AT_ONCE is not valid.
    RunError
        The limit of concurrent trainings is reached, another training writes its summaries to the
        same folder, a file cannot be read or written, or the loss, the weights or the scores are
        not finite; then no model is saved. Or a cluster is lost.
    """
    workspace = workspace or Workspace.default()
    set_up_tensorflow()
    outputs = TrainingOutputs.of(config, workspace)
    outputs.check()
    with (
        hold_training_lock(workspace),
        _plain_disk_errors(),
        hold_summaries_lock(outputs.summaries_dir),
        CacheFile(outputs.bottleneck_dir) as cache,
    ):
        run = _Run(workspace, outputs, on_event, is_stopped, cluster)
        return run.complete(config, cache)


@dataclass(frozen=True)
class _Run:
    """A training: where its files are, and who follows it."""

    workspace: Workspace
    outputs: TrainingOutputs
    on_event: EventHandler
    is_stopped: Callable[[], bool]
    cluster: DaskCluster | None

    def complete(self, config: TrainConfig, cache: CacheFile) -> TrainingResult:
        """Go through all stages."""
        prepared = prepare(config, cache, self.workspace, self.outputs, self.on_event)
        if self.cluster is not None:
            prepared = prepared.compute_ahead(self.cluster, self.on_event)
        learned = self._learn(prepared)
        bundle = _assemble(prepared, learned)
        self.on_event(StageProgress(Stage.SAVING))
        folder = save_bundle(bundle, self.workspace.bundles)
        export(prepared.config, self.workspace, self.outputs, learned.graph, bundle.labels)
        # Last, because it must not cost a model that is trained.
        rest = learned.rest
        evaluation = evaluate_training(rest.sample, rest.testing, bundle.labels, bundle.head)
        if evaluation.cross_validation is not None:
            with suppress(BundleError):  # deleted since, or the disk is full
                record_cross_validation(folder, evaluation.cross_validation.summary)
        return TrainingResult(
            bundle, folder, learned.metrics, prepared.index, prepared.split, evaluation
        )

    def _learn(self, prepared: Preparation) -> _Learned:
        """Fit and test the head. All views of the pictures are in memory only while this runs."""
        config, labels = prepared.config, prepared.index.labels
        examples = compute_examples(config, labels, prepared.split, prepared.source, self.on_event)
        fitted, graph = self._fit(config, labels, prepared.backbone, examples)
        self.on_event(StageProgress(Stage.TESTING))
        metrics = run_final_test(config, labels, examples, fitted.head)
        return _Learned(fitted, graph, metrics, examples.reduce(len(config.views)))

    def _fit(
        self,
        config: TrainConfig,
        labels: tuple[str, ...],
        backbone: ConvertedBackbone,
        examples: TrainingExamples,
    ) -> tuple[FittedHead, GraphDef]:
        """Return the head and the graph of the whole model."""
        with TensorBoardSummaries(self.outputs.summaries_dir) as summaries:
            self.on_event(StageProgress(Stage.TRAINING))
            prior = find_prior(config.architecture, labels) if config.from_starter else None
            callbacks = FitCallbacks(
                lambda evaluation: _report_evaluation(evaluation, summaries, self.on_event),
                lambda step, head: _save_intermediate_graph(
                    config, self.outputs, backbone, step, head
                ),
                self.is_stopped,
            )
            fitted = fit_head(
                examples.training, examples.validation, config.head_settings, prior, callbacks
            )
            fitted = replace(fitted, head=calibrate(fitted.head, examples.validation))
            graph = make_graph(config, backbone, fitted.head)
            summaries.write_graph(graph)
        return fitted, graph


@dataclass(frozen=True)
class _Learned:
    """What comes out of fitting and testing a head."""

    fitted: FittedHead
    graph: GraphDef
    metrics: Metrics
    rest: ReducedExamples


def _assemble(prepared: Preparation, learned: _Learned) -> ModelBundle:
    """Return the model, with what it learned from, and why its network was chosen."""
    split, rest = prepared.split, learned.rest
    bundle = assemble_bundle(
        prepared.config, prepared.index, prepared.backbone, learned.fitted, learned.metrics
    )
    testing = None if rest.testing is None else rest.testing.features
    bundle = add_novelty(bundle, rest.known, testing, rest.counter)
    bundle = record_learned(bundle, (*split.training, *split.validation, *split.counter_training))
    return bundle if prepared.choice is None else record_choice(bundle, prepared.choice)


def _report_evaluation(
    evaluation: Evaluation, summaries: TensorBoardSummaries, on_event: EventHandler
) -> None:
    summaries.write(evaluation)
    on_event(evaluation)


def _save_intermediate_graph(
    config: TrainConfig,
    outputs: TrainingOutputs,
    backbone: ConvertedBackbone,
    step: int,
    head: Head,
) -> None:
    path = outputs.intermediate_output_graphs_dir / f"intermediate_{step}.pb"
    save_graph(make_graph(config, backbone, head), path)


@contextmanager
def _plain_disk_errors() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise RunError(
            f"{error.filename or 'A file'} could not be read or written "
            f"({error.strerror or error}): make sure that the disk has room and that the folder "
            "exists, then train again. What was computed so far is kept."
        ) from error
