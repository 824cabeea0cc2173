"""`python -m benchmarks.accuracy --photos DIR`: the accuracy of retraining each backbone."""

from __future__ import annotations

import statistics
import tempfile
from pathlib import Path

import click

from benchmarks import cross_validation
from benchmarks.isolated import run_isolated
from benchmarks.tables import print_table
from cluster_core.model.backbones.registry import SKY_BACKBONE, list_backbones
from cluster_core.model.backbones.weights import find_weights
from cluster_core.workspace import Workspace

# A linear head on the bottlenecks published with the article, in the same kind of test.
ARTICLE = "0.90"


@click.command()
@click.option(
    "--photos",
    type=click.Path(path_type=Path, exists=True),
    required=True,
    help="Dataset: a folder with a sub-folder of pictures for each class.",
)
@click.option(
    "--model_dir",
    type=click.Path(path_type=Path),
    default=Workspace.default().models,
    help="Folder of the pretrained weights.",
)
@click.option("--repeats", default=10, show_default=True, help="Repeats of the cross-validation.")
def main(photos: Path, model_dir: Path, repeats: int) -> None:
    """Print the accuracy of the default retraining, from repeated 5-fold cross-validation."""
    contenders = [
        (spec.name, from_starter)
        for spec in list_backbones()
        if spec.ships or find_weights(spec, model_dir)
        for from_starter in ((True, False) if spec == SKY_BACKBONE else (True,))
    ]
    print(f"{cross_validation.FOLDS}-fold cross-validation, {repeats} repeats, eight views,")
    print("copies and pictures of one object kept together.\n")
    rows = []
    with tempfile.TemporaryDirectory() as workspace:
        for architecture, from_starter in contenders:
            measured = run_isolated(
                cross_validation.measure,
                photos=str(photos.resolve()),
                model_dir=str(model_dir.resolve()),
                workspace=workspace,
                architecture=architecture,
                repeats=repeats,
                from_starter=from_starter,
            )
            accuracies = measured["accuracies"]
            deviation = statistics.stdev(accuracies) if repeats > 1 else float("nan")
            confusion = "; ".join(
                " ".join(f"{count / repeats:.1f}" for count in row) for row in measured["confusion"]
            )
            mean = statistics.mean(accuracies)
            name = architecture if from_starter else f"{architecture} --no-from_starter"
            rows.append([name, f"{mean:.3f}", f"{deviation:.3f}", confusion])
    rows.append(["the article's bottlenecks, linear head", ARTICLE, "", ""])
    print_table(["", "accuracy", "standard deviation", "confusion: true class; answers"], rows)


if __name__ == "__main__":
    main()
