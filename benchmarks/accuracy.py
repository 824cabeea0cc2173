"""`python -m benchmarks.accuracy --photos DIR`: how well each backbone can be retrained."""

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

# A linear head on the article's own bottleneck vectors of its photos, in the same kind of test.
ARTICLE = "0.90"


@click.command()
@click.option("--photos", type=click.Path(path_type=Path, exists=True), required=True)
@click.option("--model_dir", type=click.Path(path_type=Path), default=Workspace.default().models)
@click.option("--repeats", default=10, show_default=True)
def main(photos: Path, model_dir: Path, repeats: int) -> None:
    """Print accuracies of repeated 5-fold cross-validation of the default retraining."""
    contenders = [
        (spec.name, from_starter)
        for spec in list_backbones()
        if spec == SKY_BACKBONE or find_weights(spec, model_dir)
        for from_starter in ((True, False) if spec == SKY_BACKBONE else (True,))
    ]
    print(f"{cross_validation.FOLDS}-fold cross-validation, {repeats} repeats, eight views,")
    print("copies and pictures of one object kept together.\n")
    rows = []
    with tempfile.TemporaryDirectory() as workspace:
        for architecture, from_starter in contenders:
            found = run_isolated(
                cross_validation.measure,
                photos=str(photos.resolve()),
                model_dir=str(model_dir.resolve()),
                workspace=workspace,
                architecture=architecture,
                repeats=repeats,
                from_starter=from_starter,
            )
            accuracies = found["accuracies"]
            spread = statistics.stdev(accuracies) if repeats > 1 else float("nan")
            confusion = "; ".join(
                " ".join(f"{count / repeats:.1f}" for count in row) for row in found["confusion"]
            )
            mean = statistics.mean(accuracies)
            name = architecture if from_starter else f"{architecture} --no-from_starter"
            rows.append([name, f"{mean:.3f}", f"{spread:.3f}", confusion])
    rows.append(["the article's bottlenecks, linear head", ARTICLE, "", ""])
    print_table(["", "accuracy", "spread", "confusion: true class; answers"], rows)


if __name__ == "__main__":
    main()
