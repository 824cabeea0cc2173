"""The one orchestrator: from a folder of pictures to a model. Importing this loads TensorFlow."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from cluster_core.data.index import DatasetIndex, Picture, scan_dataset
from cluster_core.data.splits import Split, split_dataset
from cluster_core.errors import RunError
from cluster_core.evaluation.calibration import fit_temperature
from cluster_core.evaluation.scores import Metrics, compute_metrics
from cluster_core.model.backbones.conversion import prepare_backbone
from cluster_core.model.backbones.converted import ConvertedBackbone
from cluster_core.model.backbones.litert import load_extractor
from cluster_core.model.backbones.preprocessing import Preprocessing
from cluster_core.model.bundle.bundle import ModelBundle, save_bundle
from cluster_core.model.bundle.starter import find_prior
from cluster_core.model.export.graphs import save_graph
from cluster_core.model.features.cache import BottleneckCache
from cluster_core.model.features.extraction import BottleneckSource
from cluster_core.model.features.views import View
from cluster_core.model.head.examples import Examples
from cluster_core.model.head.head import Head
from cluster_core.model.head.settings import ALL_PICTURES, Evaluation, FitCallbacks
from cluster_core.model.head.training import FittedHead, fit_head
from cluster_core.storage.cache_file import CacheFile
from cluster_core.training.config import TrainConfig
from cluster_core.training.events import DatasetRead, EventHandler, Stage, StageProgress
from cluster_core.training.exports import assemble_bundle, export, make_graph
from cluster_core.training.locks import summaries_in, training_in
from cluster_core.training.outputs import TrainingOutputs
from cluster_core.training.summaries import TensorBoardSummaries
from cluster_core.training.tensorflow_setup import set_up_tensorflow
from cluster_core.workspace import Workspace


@dataclass(frozen=True)
class TrainingResult:
    """What a training leaves behind.

    Attributes
    ----------
    bundle : ModelBundle
        The model.
    folder : Path
        Where it was saved.
    metrics : Metrics
        The final test.
    index : DatasetIndex
    split : Split
    """

    bundle: ModelBundle
    folder: Path
    metrics: Metrics
    index: DatasetIndex
    split: Split


def train(
    config: TrainConfig,
    workspace: Workspace | None = None,
    on_event: EventHandler = lambda event: None,
    is_stopped: Callable[[], bool] = lambda: False,
) -> TrainingResult:
    """Retrain the last layer of a backbone on a folder of class folders.

    Parameters
    ----------
    config : TrainConfig
        What to learn and how.
    workspace : Workspace, optional
        Where caches and results are kept; `Workspace.default()` when not given.
    on_event : callable, optional
        Told how it goes. It may raise to stop: what is cached stays, and
        nothing half-written is left.
    is_stopped : callable, optional
        Asked while the head is fitted; once it says so, the best head so far is
        tested and saved.

    Returns
    -------
    TrainingResult

    Raises
    ------
    DatasetError, ImageError, BackboneError, ConfigError
        There is nothing to learn from or with.
    RunError
        As many trainings run in this workspace as may, another writes its summaries to the
        same folder, or the disk cannot be written to.
    """
    workspace = workspace or Workspace.default()
    set_up_tensorflow()
    outputs = TrainingOutputs.of(config, workspace)
    outputs.check()
    with (
        training_in(workspace),
        _plain_disk_errors(),
        summaries_in(outputs.summaries_dir),
        CacheFile(outputs.bottleneck_dir) as cache,
    ):
        index, split = _read_dataset(config, cache, on_event)
        on_event(StageProgress(Stage.BACKBONE))
        backbone = prepare_backbone(
            config.backbone,
            outputs.model_dir,
            workspace.backbones,
            # A folder that was named must have the weights; the workspace's own has had them.
            any_weights=config.model_dir is None,
        )
        source = _make_source(config, backbone, cache)
        training, validation, testing = _compute_examples(config, index, split, source, on_event)

        with TensorBoardSummaries(outputs.summaries_dir) as summaries:
            sides = (training, validation)
            fitted = _fit(
                config, outputs, backbone, sides, index.labels, summaries, on_event, is_stopped
            )
            head = _calibrate(fitted.head, validation)
            graph = make_graph(config, backbone, head)
            summaries.write_graph(graph)

        on_event(StageProgress(Stage.TESTING))
        metrics = _test(config, index, split, testing, head)
        bundle = assemble_bundle(
            config, index, backbone, source.preprocessing, head, metrics, fitted
        )
        on_event(StageProgress(Stage.SAVING))
        folder = save_bundle(bundle, workspace.bundles)
        export(config, workspace, outputs, graph, bundle.labels)
    return TrainingResult(bundle, folder, metrics, index, split)


def _read_dataset(
    config: TrainConfig, cache: CacheFile, on_event: EventHandler
) -> tuple[DatasetIndex, Split]:
    def on_progress(done: int, total: int) -> None:
        on_event(StageProgress(Stage.READING, done, total))

    index = scan_dataset(config.image_dir, cache, on_progress)
    split = split_dataset(
        index,
        testing_percentage=config.testing_percentage,
        validation_percentage=config.validation_percentage,
    )
    on_event(DatasetRead(index, split))
    return index, split


def _make_source(
    config: TrainConfig, backbone: ConvertedBackbone, cache: CacheFile
) -> BottleneckSource:
    preprocessing = Preprocessing(config.backbone.input_size_px)
    bottlenecks = BottleneckCache(cache, backbone, preprocessing)
    return BottleneckSource(load_extractor(backbone), preprocessing, bottlenecks)


def _compute_examples(
    config: TrainConfig,
    index: DatasetIndex,
    split: Split,
    source: BottleneckSource,
    on_event: EventHandler,
) -> tuple[Examples, Examples | None, Examples | None]:
    """Return features of the three sides; a side without pictures is None, training never is."""
    sides = (split.training, split.validation, split.testing)
    total, before = sum(map(len, sides)), 0

    def on_progress(done: int, _: int) -> None:
        on_event(StageProgress(Stage.BOTTLENECKS, before + done, total))

    def examples(pictures: Sequence[Picture], views: Sequence[View]) -> Examples:
        nonlocal before
        features = source.compute(pictures, views, on_progress)
        before += len(pictures)
        classes = np.array([index.labels.index(picture.label) for picture in pictures])
        return Examples(features, classes, len(index.labels))

    training = examples(split.training, config.training_views)
    validation = examples(split.validation, config.views) if split.validation else None
    testing = examples(split.testing, config.views) if split.testing else None
    return training, validation, testing


def _fit(
    config: TrainConfig,
    outputs: TrainingOutputs,
    backbone: ConvertedBackbone,
    sides: tuple[Examples, Examples | None],
    labels: tuple[str, ...],
    summaries: TensorBoardSummaries,
    on_event: EventHandler,
    is_stopped: Callable[[], bool],
) -> FittedHead:
    on_event(StageProgress(Stage.TRAINING))

    def on_evaluation(evaluation: Evaluation) -> None:
        summaries.write(evaluation)
        on_event(evaluation)

    def on_store(step: int, head: Head) -> None:
        path = outputs.intermediate_output_graphs_dir / f"intermediate_{step}.pb"
        save_graph(make_graph(config, backbone, head), path)

    prior = find_prior(config.architecture, labels) if config.from_starter else None
    callbacks = FitCallbacks(on_evaluation, on_store, is_stopped)
    return fit_head(*sides, config.head_settings, prior, callbacks)


def _calibrate(head: Head, validation: Examples | None) -> Head:
    if validation is None:
        return head
    logits = head.compute_logits(validation.features)
    return replace(head, temperature=fit_temperature(logits, validation.classes))


def _test(
    config: TrainConfig, index: DatasetIndex, split: Split, testing: Examples | None, head: Head
) -> Metrics:
    if testing is None:
        return compute_metrics((), np.empty((0, len(index.labels))), index.labels)
    scores = head.compute_scores(testing.features)
    pictures = split.testing
    if config.test_batch_size != ALL_PICTURES:
        random = np.random.default_rng(config.seed)
        drawn = np.sort(random.permutation(len(pictures))[: config.test_batch_size])
        pictures, scores = tuple(pictures[number] for number in drawn), scores[drawn]
    return compute_metrics(pictures, scores, index.labels)


@contextmanager
def _plain_disk_errors() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        where = f" {error.filename}" if error.filename else ""
        raise RunError(
            f"Something could not be read or written{where} ({error.strerror or error}): make "
            "sure that the disk has room and the folder is there, then run again; bottlenecks "
            "computed so far are kept."
        ) from error
