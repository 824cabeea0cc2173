"""Train a model on a folder of pictures. Importing this loads TensorFlow."""

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
from cluster_core.evaluation.learned_pictures import record_learned
from cluster_core.evaluation.model_evaluation import (
    ModelEvaluation,
    SideFeatures,
    evaluate_training,
)
from cluster_core.evaluation.scores import Metrics, compute_metrics
from cluster_core.model.backbones.conversion import prepare_backbone
from cluster_core.model.backbones.converted import ConvertedBackbone
from cluster_core.model.backbones.litert import load_extractor
from cluster_core.model.backbones.preprocessing import Preprocessing
from cluster_core.model.bundle.bundle import ModelBundle, save_bundle
from cluster_core.model.bundle.starter import find_prior
from cluster_core.model.export.frozen_graph import save_graph
from cluster_core.model.features.cache import BottleneckCache
from cluster_core.model.features.extraction import BottleneckSource
from cluster_core.model.features.views import View
from cluster_core.model.head.examples import Examples
from cluster_core.model.head.head import Head
from cluster_core.model.head.settings import ALL_PICTURES, Evaluation, FitCallbacks
from cluster_core.model.head.training import DIVERGED, fit_head
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
from cluster_core.training.exports import assemble_bundle, export, make_graph, record_choice
from cluster_core.training.locks import hold_summaries_lock, hold_training_lock
from cluster_core.training.novelty import CounterExamples, add_novelty, gather_known
from cluster_core.training.outputs import TrainingOutputs
from cluster_core.training.summaries import TensorBoardSummaries
from cluster_core.training.tensorflow_setup import set_up_tensorflow
from cluster_core.workspace import Workspace


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
        not finite; then no model is saved.
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
        )
        source = _make_source(config, backbone, cache)
        training, validation, testing, counter = _compute_examples(
            config, index, split, source, on_event
        )

        with TensorBoardSummaries(outputs.summaries_dir) as summaries:
            on_event(StageProgress(Stage.TRAINING))
            prior = find_prior(config.architecture, index.labels) if config.from_starter else None
            callbacks = FitCallbacks(
                lambda evaluation: _report_evaluation(evaluation, summaries, on_event),
                lambda step, head: _save_intermediate_graph(config, outputs, backbone, step, head),
                is_stopped,
            )
            fitted = fit_head(training, validation, config.head_settings, prior, callbacks)
            fitted = replace(fitted, head=_calibrate(fitted.head, validation))
            graph = make_graph(config, backbone, fitted.head)
            summaries.write_graph(graph)

        on_event(StageProgress(Stage.TESTING))
        metrics = _test(config, index, split, testing, fitted.head)
        bundle = assemble_bundle(config, index, backbone, fitted, metrics)
        sides = [(split.training, training)]
        if validation is not None:
            sides.append((split.validation, validation))
        known = gather_known(len(config.views), sides)
        bundle = add_novelty(bundle, known, testing, counter)
        learned = (*split.training, *split.validation, *split.counter_training)
        bundle = record_learned(bundle, learned)
        if choice is not None:
            bundle = record_choice(bundle, choice)
        on_event(StageProgress(Stage.SAVING))
        folder = save_bundle(bundle, workspace.bundles)
        export(config, workspace, outputs, graph, bundle.labels)
        # Last, because it must not cost a model that is trained.
        evaluation = _evaluate(config, split, (training, validation, testing), bundle)
    return TrainingResult(bundle, folder, metrics, index, split, evaluation)


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
        version=config.split_version,
    )
    on_event(DatasetRead(index, split))
    return index, split


def _choose_network(
    config: TrainConfig,
    index: DatasetIndex,
    split: Split,
    workspace: Workspace,
    on_event: EventHandler,
) -> NetworkChoice | None:
    """Choose the network if the architecture is `auto`; else return None."""
    if not config.is_automatic:
        return None

    def on_progress(done: int, total: int) -> None:
        on_event(StageProgress(Stage.BACKBONE, done, total))

    choice = choose_network(config, index, split, workspace, on_progress)
    on_event(NetworkChosen(choice))
    return choice


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
) -> tuple[Examples, Examples | None, Examples | None, CounterExamples]:
    """Return the features of training, validation and test pictures; None for no pictures."""
    sides = (split.training, split.validation, split.testing)
    n_total = sum(map(len, (*sides, split.counter_training, split.counter_testing)))
    n_before = 0

    def on_progress(done: int, _: int) -> None:
        on_event(StageProgress(Stage.BOTTLENECKS, n_before + done, n_total))

    def compute_features(pictures: Sequence[Picture], views: Sequence[View]) -> np.ndarray:
        nonlocal n_before
        features = source.compute(pictures, views, on_progress)
        n_before += len(pictures)
        return features

    def compute(pictures: Sequence[Picture], views: Sequence[View]) -> Examples:
        classes = np.array([index.labels.index(picture.label) for picture in pictures])
        return Examples(compute_features(pictures, views), classes, len(index.labels))

    training = compute(split.training, config.training_views)
    validation = compute(split.validation, config.views) if split.validation else None
    testing = compute(split.testing, config.views) if split.testing else None
    counter = CounterExamples(
        *(
            compute_features(pictures, config.views) if pictures else None
            for pictures in (split.counter_training, split.counter_testing)
        )
    )
    return training, validation, testing, counter


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
    with np.errstate(over="ignore", invalid="ignore"):  # checked in the next line
        scores = head.compute_scores(testing.features)
    if not np.isfinite(scores).all():
        raise RunError(DIVERGED)
    pictures = split.testing
    if config.test_batch_size != ALL_PICTURES:
        random = np.random.default_rng(config.seed)
        chosen = np.sort(random.permutation(len(pictures))[: config.test_batch_size])
        pictures, scores = tuple(pictures[number] for number in chosen), scores[chosen]
    return compute_metrics(pictures, scores, index.labels)


def _evaluate(
    config: TrainConfig,
    split: Split,
    examples: tuple[Examples | None, ...],
    bundle: ModelBundle,
) -> ModelEvaluation:
    """Cross-validate the pictures of the three sides, without distorted views."""
    pictures = (split.training, split.validation, split.testing)
    *learned, tested = (
        SideFeatures(its, part.features[:, : len(config.views)]) if part else None
        for its, part in zip(pictures, examples, strict=True)
    )
    return evaluate_training(list(filter(None, learned)), tested, bundle.labels, bundle.head)


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
