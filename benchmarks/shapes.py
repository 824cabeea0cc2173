"""`python -m benchmarks.shapes --photos DIR`: six ways to make a picture of any shape square."""

from __future__ import annotations

from pathlib import Path

import click

from benchmarks import squares
from benchmarks.isolated import run_isolated
from benchmarks.tables import print_table
from cluster_core.workspace import Workspace

NETWORKS = ("sky", "mobilenet_0.50_224")


@click.command()
@click.option(
    "--photos",
    type=click.Path(path_type=Path, exists=True),
    required=True,
    help="Folder with the datasets cluster_photos and messier_dev.",
)
@click.option(
    "--model_dir",
    type=click.Path(path_type=Path),
    default=Workspace.default().models,
    help="Folder of the pretrained weights.",
)
@click.option("--repeats", default=10, show_default=True, help="Repeats of the cross-validation.")
def main(photos: Path, model_dir: Path, repeats: int) -> None:
    """Print how well each network does with each way."""
    columns = ["5-fold", "deviation", "retrained, A", "retrained, AB", "starter, A", "starter, AB"]
    rows = []
    for architecture in NETWORKS:
        for way in squares.WAYS:
            figures = run_isolated(
                squares.measure,
                photos=str(photos.resolve()),
                model_dir=str(model_dir.resolve()),
                architecture=architecture,
                way=way,
                repeats=repeats,
            )
            cells = [f"{figures[name]:.3f}" if name in figures else "" for name in columns]
            rows.append([f"{architecture}, {way}", *cells])
    print_table(["", *columns], rows)


if __name__ == "__main__":
    main()
