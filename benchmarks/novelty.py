"""`python -m benchmarks.novelty --photos DIR`: how well models recognise what is no cluster."""

from __future__ import annotations

from pathlib import Path

import click

from benchmarks import novelty_figures
from benchmarks.isolated import run_isolated
from benchmarks.tables import print_table


@click.command()
@click.option(
    "--photos",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    required=True,
    help="Folder with the sub-folders globular, open and other.",
)
@click.option(
    "--training",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Dataset of the retrained model; cluster_photos beside --photos if omitted.",
)
def main(photos: Path, training: Path | None) -> None:
    """Print a table for the starter model and for one that was retrained with the defaults."""
    training = training or photos.resolve().parent / "cluster_photos"
    rows = []
    for name, dataset in (("starter", None), ("retrained", str(training.resolve()))):
        figures = run_isolated(
            novelty_figures.measure, photos=str(photos.resolve()), training=dataset
        )
        rows += [[f"{name}, {score}", *cells] for score, *cells in figures["rows"]]
        print_table([name, "rejected"], figures["made_up"])
        print()
    print_table(["", "AUROC (95 %)", "clusters lost", "others rejected"], rows)


if __name__ == "__main__":
    main()
