"""`python -m cluster_core.retrain`: train a model with the flags of the 2018 retrain script."""

from __future__ import annotations

import os
from dataclasses import fields
from pathlib import Path
from typing import Any

import click

from cluster_core.console import (
    DASK,
    PATH,
    ProgressLine,
    connecting,
    end_after_disk_error,
    plain_exits,
    run_as_program,
)
from cluster_core.errors import BackboneError
from cluster_core.evaluation.model_evaluation import ModelEvaluation
from cluster_core.evaluation.scores import Metrics
from cluster_core.model.backbones.registry import TEST_BACKBONE, list_backbones
from cluster_core.model.head.settings import Evaluation
from cluster_core.training.choice.decision import describe_choice
from cluster_core.training.config import AUTOMATIC, TrainConfig
from cluster_core.training.events import DatasetRead, NetworkChosen, StageProgress, TrainEvent
from cluster_core.training.installed import require_training
from cluster_core.training.locks import count_trainings_at_once
from cluster_core.training.novelty import describe_rejections
from cluster_core.workspace import DEFAULT_ROOT, Workspace

# For the help only: the actual workspace is determined when the command runs.
_SHOWN = Workspace(Path(DEFAULT_ROOT))
_DEFAULTS = {field.name: field.default for field in fields(TrainConfig)}
_IN_WORKSPACE = {
    "output_graph": _SHOWN.retrained_graph,
    "output_labels": _SHOWN.retrained_labels,
    "intermediate_output_graphs_dir": _SHOWN.intermediate_graphs,
    "summaries_dir": _SHOWN.training_summaries / "<architecture>",
    "model_dir": _SHOWN.models,
    "bottleneck_dir": _SHOWN.bottlenecks,
    "saved_model_dir": "not written",
}
# Set by the tests: their network has random weights and is of no use to anyone else.
TEST_VARIABLE = "CLUSTER_LAB_TEST_BACKBONE"
_ARCHITECTURES = ", ".join(spec.name for spec in list_backbones())


def _path(name: str, description: str) -> Any:
    return click.option(
        f"--{name}",
        type=PATH,
        show_default=str(_IN_WORKSPACE[name]),
        help=description,
    )


def _setting(name: str, description: str) -> Any:
    """Declare a flag whose type and default are those of `TrainConfig`."""
    default = _DEFAULTS[name]
    kind = float if name.endswith("_percentage") else type(default)
    return click.option(
        f"--{name}", type=kind, default=default, show_default=True, help=description
    )


def _switch(name: str, description: str) -> Any:
    return click.option(
        f"--{name}/--no-{name}", default=_DEFAULTS[name], show_default=True, help=description
    )


@click.command(context_settings={"max_content_width": 100})
@click.option(
    "--image_dir",
    type=PATH,
    default=lambda: Workspace.default().cluster_photos,
    show_default=str(_SHOWN.cluster_photos),
    help="Folder with one sub-folder of pictures per class. A sub-folder none_of_these holds "
    "pictures of none of the classes, which the model learns to reject.",
)
@_path("output_graph", "Where to save the trained graph.")
@_path("intermediate_output_graphs_dir", "Where to save graphs during the training.")
@_setting(
    "intermediate_store_frequency", "Steps between graphs saved during the training; 0 for none."
)
@_path("output_labels", "Where to save the class names.")
@_path("summaries_dir", "Where to save event files for TensorBoard.")
@_setting("how_many_training_steps", "Number of training steps to run.")
@_setting("learning_rate", "Size of each step: too small learns slowly, too large never settles.")
@_setting("testing_percentage", "Percentage of the pictures kept for the final test.")
@_setting(
    "validation_percentage", "Percentage of the pictures kept for validation during the training."
)
@_setting("eval_step_interval", "Steps from one evaluation to the next.")
@_setting("train_batch_size", "Pictures per training step.")
@_setting("test_batch_size", "Pictures used for the final test; -1 for all.")
@_setting("validation_batch_size", "Validation pictures used for each evaluation; -1 for all.")
@click.option(
    "--print_misclassified_test_images",
    is_flag=True,
    help="List the test pictures that were labelled incorrectly.",
)
@_path("model_dir", "Folder of pretrained weights; missing ones are downloaded to it.")
@_path("bottleneck_dir", "Where to keep bottlenecks: what the network sees in each picture.")
@_setting("final_tensor_name", "Name of the output in the saved graph.")
@_switch("flip_left_right", "Also learn from mirrored pictures.")
@_setting("random_crop", "Also learn from pictures with a margin of this percentage cut off.")
@_setting("random_scale", "Also learn from pictures enlarged by up to this percentage.")
@_setting(
    "random_brightness", "Also learn from pictures brighter or darker by up to this percentage."
)
@click.option(
    "--sky_views/--no-sky_views",
    default=None,
    show_default="on for the architecture sky",
    help="Turn and mirror each picture in all eight ways: for pictures without a natural "
    "orientation.",
)
@_setting(
    "architecture",
    f"Pretrained network to build on: {_ARCHITECTURES}; or {AUTOMATIC}, for the one on this "
    "computer that does best in a trial on the pictures.",
)
@_path("saved_model_dir", "Where to save a SavedModel for TensorFlow Serving.")
@_setting("weight_decay", "Keeps the model simple, so that it memorises no pictures; 0 for off.")
@_switch("balance_classes", "Give every class the same weight, however many pictures it has.")
@_switch(
    "from_starter", "With the starter model's network and classes, learn simulated clusters too."
)
@_switch(
    "early_stopping", "Stop once validation results no longer improve, and keep the best model."
)
@_setting("seed", "Number that all random choices start from: equal ones give the same model.")
@_setting(
    "split_version",
    "Rule that divides the pictures: 3 with groups.csv and more catalogue names of objects, 2 "
    "without, 1 by file name as in version 0.1.",
)
@DASK
@plain_exits("What was computed so far is kept for the next training.")
def main(print_misclassified_test_images: bool, scheduler: str | None, **options: Any) -> None:
    """Train a model: retrain the last layer of a network on your own folders of pictures."""
    if options["architecture"] == TEST_BACKBONE.name and TEST_VARIABLE not in os.environ:
        raise BackboneError(
            f"There is no architecture named {TEST_BACKBONE.name!r}: choose one of "
            f"{_ARCHITECTURES}.",
            name=TEST_BACKBONE.name,
        )
    config = TrainConfig(**options)
    count_trainings_at_once()
    require_training()
    # Imported after the checks: TensorFlow takes seconds, a wrong setting is reported at once.
    from cluster_core.training.train import train

    progress = ProgressLine()

    def on_event(event: TrainEvent) -> None:
        if isinstance(event, StageProgress):
            progress.show(event.stage, event.done, event.total)
            return
        progress.clear()
        try:
            if isinstance(event, DatasetRead):
                _report_dataset(event)
            elif isinstance(event, NetworkChosen):
                words = describe_choice(event.choice, precision=1)
                click.echo(f"Network chosen for these pictures: {words}", err=True)
            else:
                _print_evaluation(event)
        except OSError as error:  # else the training would report an error in its own files
            end_after_disk_error(error)

    with connecting(scheduler) as cluster:
        result = train(config, Workspace.default(), on_event, cluster=cluster)
    progress.clear()
    if print_misclassified_test_images:
        _print_misclassified(result.metrics)
    click.echo(f"Model saved in {result.folder}", err=True)
    _print_test_accuracy(result.metrics)
    if sentence := describe_rejections(result.bundle.metrics):
        click.echo(sentence)
    _print_cross_validation(result.evaluation)


def _report_dataset(event: DatasetRead) -> None:
    index, split = event.index, event.split
    for label, count in index.all_counts.items():
        meaning = " of none of the classes" if label in index.counter_labels else ""
        click.echo(f"{label}: {count} pictures{meaning}", err=True)
    for file in index.rejected:
        path = str(file.path.relative_to(index.image_dir))
        click.echo(f"Left out: {file.reason.replace(file.path.name, path, 1)}", err=True)
    for picture in index.incomplete:
        path = str(picture.path.relative_to(index.image_dir))
        click.echo(f"Warning: {picture.warning.replace(picture.path.name, path, 1)}", err=True)
    sides = (split.training, split.validation, split.testing)
    n_training, n_validation, n_testing = map(len, sides)
    click.echo(
        f"{n_training} for training, {n_validation} for validation, {n_testing} for the final test",
        err=True,
    )
    for note in split.notes:
        click.echo(note, err=True)


def _print_evaluation(evaluation: Evaluation) -> None:
    step = f"Step {evaluation.step}:"
    click.echo(f"{step} Train accuracy = {evaluation.train_accuracy:.1%}")
    click.echo(f"{step} Cross entropy = {evaluation.train_cross_entropy:.3f}")
    if evaluation.validation_accuracy is not None:
        click.echo(
            f"{step} Validation accuracy = {evaluation.validation_accuracy:.1%} "
            f"(N={evaluation.n_validation})"
        )


def _print_misclassified(metrics: Metrics) -> None:
    click.echo("=== MISCLASSIFIED TEST IMAGES ===")
    for mistake in metrics.misclassified:
        click.echo(f"{mistake.path}  {mistake.predicted} (score={mistake.score:.5f})")


def _print_test_accuracy(metrics: Metrics) -> None:
    if not metrics.n:
        click.echo("Final test accuracy: not measured, no pictures were kept for it")
        return
    low, high = metrics.interval
    click.echo(f"Final test accuracy = {metrics.accuracy:.1%} (N={metrics.n})")
    click.echo(f"95% interval: {low:.1%} to {high:.1%}")


def _print_cross_validation(evaluation: ModelEvaluation) -> None:
    validated = evaluation.cross_validation
    if validated is None:
        click.echo(f"Not cross-validated: {evaluation.problem}", err=True)
        return
    low, high = validated.interval
    click.echo(
        f"Cross-validation accuracy = {validated.accuracy:.1%} (N={len(validated.pictures)}), "
        f"95% interval: {low:.1%} to {high:.1%}"
    )


if __name__ == "__main__":
    run_as_program(main)
