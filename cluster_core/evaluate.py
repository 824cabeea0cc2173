"""The `evaluate` command: what is known about a model, and how it does on labelled pictures."""

from __future__ import annotations

import shlex
from contextlib import suppress
from pathlib import Path
from typing import Any

import click

from cluster_core.console import PATH, ProgressLine, plain_exits
from cluster_core.data.index import scan_dataset
from cluster_core.errors import BundleError, RunError
from cluster_core.evaluation.folder_test import run_folder_test
from cluster_core.evaluation.report.content import Report, report_folder_test
from cluster_core.evaluation.report.html import make_html, make_json
from cluster_core.evaluation.words import (
    CROSS_VALIDATION_OR_TEST,
    NO_TEST_PICTURES,
    describe_independence,
)
from cluster_core.model.bundle.accuracy import format_share
from cluster_core.model.bundle.bundle import ModelBundle
from cluster_core.model.bundle.folder import load_bundle
from cluster_core.model.bundle.selection import choose_bundle, model_dir
from cluster_core.storage.cache_file import CacheFile
from cluster_core.storage.drafts import replacing
from cluster_core.training.insight.model_report import report_model
from cluster_core.training.insight.run_report import report_run
from cluster_core.training.runs import list_runs
from cluster_core.workspace import Workspace


@click.command()
@click.argument("model", required=False)
@click.argument("folder", metavar="[DIR]", required=False, type=PATH)
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
@click.option("--html", type=PATH, help="Also write the report to this HTML file.")
@plain_exits("Features computed so far are kept for the next evaluation.")
def main(model: str | None, folder: Path | None, as_json: bool, html: Path | None) -> None:
    """Measure how good a MODEL is on the labelled pictures in DIR, which it should not know.

    DIR is a folder, or the name of one in the workspace, and has one sub-folder of pictures per
    class, named like a class of the model: globular counts as globular clusters. Counter-examples
    in none_of_these are counted apart: how many of them, and of the classes, are answered none of
    these.

    Without DIR, the evaluation of the model's own training is shown. A model that was trained with
    the retrain command is evaluated anew: its dataset must be in the workspace or in the current
    folder, under the name it had.

    MODEL is a model's folder or its name; without it, the model chosen in the
    app answers, else the newest one.
    """
    workspace = Workspace.default()
    if model and not folder and not _is_model(model, workspace):
        folder, model = Path(model), None
    bundle = _load(model, workspace)
    if folder:
        report = _test(bundle, model, _find_folder(folder, workspace), workspace)
    else:
        report = _report_training(bundle, workspace)
    if html:
        _write(html, make_html(report, workspace))
        click.echo(f"The report is in {html}", err=True)
    if as_json:
        click.echo(make_json(report))
    else:
        _print(report.to_record())
    for note in report.notes:
        click.echo(note, err=True)


def _is_model(name: str, workspace: Workspace) -> bool:
    """Tell whether a name is that of a model, or else of no folder, which is reported later."""
    for find in (lambda: load_bundle(Path(name)), lambda: model_dir(workspace, name)):
        with suppress(BundleError):
            find()
            return True
    return not Path(name).is_dir()


def _find_folder(folder: Path, workspace: Workspace) -> Path:
    """Return a folder, or the dataset of this name in the workspace, as reports name it."""
    dataset = workspace.root / folder
    return dataset if not folder.is_dir() and dataset.is_dir() else folder


def _load(name: str | None, workspace: Workspace) -> ModelBundle:
    if name is None:
        return choose_bundle(None, workspace)
    folder = Path(name)
    return load_bundle(folder if folder.is_dir() else model_dir(workspace, name))


def _test(bundle: ModelBundle, model: str | None, folder: Path, workspace: Workspace) -> Report:
    progress = ProgressLine()
    with CacheFile(workspace.bottlenecks) as cache:
        index = scan_dataset(
            folder, cache, lambda done, total: progress.show("Reading pictures", done, total)
        )
    test = run_folder_test(
        bundle,
        index,
        workspace,
        lambda done, total: progress.show("Labelling pictures", done, total),
    )
    progress.clear()
    words = ["python -m cluster_core evaluate", shlex.quote(model or bundle.name)]
    return report_folder_test(bundle, test, " ".join([*words, shlex.quote(str(folder))]))


def _report_training(bundle: ModelBundle, workspace: Workspace) -> Report:
    for status in list_runs(workspace):
        if status.bundle == bundle.name:
            return report_run(workspace, status.id)
    progress = ProgressLine()
    report = report_model(
        bundle, workspace, lambda done, total: progress.show("Reading pictures", done, total)
    )
    progress.clear()
    return report


def _write(path: Path, content: str) -> None:
    try:
        with replacing(path) as draft:
            draft.write_text(content, "utf-8")
    except OSError as error:
        raise RunError(
            f"{path} could not be written ({error.strerror}): check permissions and free disk "
            "space, or choose another --html file."
        ) from error


def _print(record: dict[str, Any]) -> None:
    click.echo(f"Model: {record['model']['name']}")
    validated, test = record["cross_validation"], record["test"]
    if validated:
        _print_accuracy("Cross-validation accuracy", validated)
        click.echo(validated["forecast"])
    if not test:
        click.echo(NO_TEST_PICTURES)
        return
    if validated:
        click.echo(CROSS_VALIDATION_OR_TEST)
    click.echo(f"\nOn {test['n']:,} {record['pictures']}:")
    _print_accuracy(f"Accuracy on {record['pictures']}", test)
    if rejections := record["none_of_these"]:
        click.echo(rejections["sentence"])
    balanced, matthews = test["balanced_accuracy"], test["matthews"]
    click.echo(
        f"Balanced accuracy (every class counts equally) = {format_share(balanced)}, Matthews "
        "correlation (0 is guessing, 1 is perfect) "
        + ("cannot be computed from one class" if matthews is None else f"= {matthews:.2f}")
    )
    if calibration := test["calibration"]:
        click.echo(
            "Expected calibration error (how far scores are from the share that is right) = "
            f"{format_share(calibration['expected_error'])}, Brier score (mean squared error of "
            f"the scores, 0 is perfect) = {calibration['brier']:.3f}"
        )
    unsure = test["unsure"]
    click.echo(
        f"Unsure below {format_share(unsure['below'])}: {format_share(unsure['coverage'])} of the "
        f"pictures get an answer, {format_share(unsure['accuracy'])} of these are right"
    )
    click.echo(
        f"\nEach class, on {test['n']:,} {record['pictures']} (precision: answers that are right; "
        "recall: pictures that are found; F1: both in one)"
    )
    click.echo("precision  recall      F1  pictures  class")
    for one in test["classes"]:
        shares = "  ".join(
            f"{format_share(one[name]):>{width}}"
            for name, width in (("precision", 9), ("recall", 6), ("f1", 6))
        )
        click.echo(f"{shares}  {one['support']:>8,}  {one['label']}")


def _print_accuracy(name: str, figures: dict[str, Any]) -> None:
    if figures["accuracy"] is None:
        click.echo(f"{name}: not measured, there are no pictures")
        return
    low, high = figures["interval_95"]
    click.echo(
        f"{name} = {figures['accuracy']:.1%} (N={figures['n']}), 95% interval: {low:.1%} to "
        f"{high:.1%}"
    )
    if alike := describe_independence(figures["n"], figures.get("n_independent", figures["n"])):
        click.echo(alike)
