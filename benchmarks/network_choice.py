"""`python -m benchmarks.network_choice`: what the automatic choice of the network is worth.

Each dataset is cross-validated with the default training. For `auto`, the network is chosen in
each fold by a trial on that fold's training pictures alone.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import click

from benchmarks.isolated import run_isolated
from benchmarks.network_trial import ARTICLE, FOLDS, SHIPPED, cross_validate, measure_trial
from benchmarks.tables import print_table


def draw_datasets(folder: Path) -> dict[str, Path]:
    """Draw the everyday datasets of the tests; return their folders by name."""
    from tests.drawn_pictures import write_digits, write_shapes, write_tiles

    return {
        "drawn shapes": write_shapes(folder / "shapes"),
        "written digits": write_digits(folder / "digits"),
        "texture tiles": write_tiles(folder / "tiles"),
    }


@click.command()
@click.option(
    "--photos",
    type=click.Path(path_type=Path, exists=True),
    multiple=True,
    help="Another dataset, such as photos of star clusters. Can be repeated.",
)
@click.option(
    "--model_dir",
    type=click.Path(path_type=Path),
    default=Path("tf_files/models"),
    help="Folder of the weights of the article's network, for comparison.",
)
@click.option("--repeats", default=2, show_default=True, help="Repeats of the cross-validation.")
def main(photos: tuple[Path, ...], model_dir: Path, repeats: int) -> None:
    """Print what the trial chooses, how long it takes, and the accuracies by cross-validation."""
    times, accuracies = [], []
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        datasets = draw_datasets(folder) | {path.name: path.resolve() for path in photos}
        for name, path in datasets.items():
            trial = run_isolated(
                measure_trial, photos=str(path), workspace=str(folder / f"{name} trial")
            )
            seconds = [f"{trial[kind]:.2f}" for kind in ("cold", "warm", "again")]
            times.append([f"{name}: {trial['words']}", *seconds])
            measured = run_isolated(
                cross_validate,
                photos=str(path),
                model_dir=str(model_dir.resolve()),
                workspace=str(folder / "workspace"),
                repeats=repeats,
            )
            found = measured["accuracies"]
            choices = ", ".join(f"{count} x {one}" for one, count in measured["choices"].items())
            columns = ("auto", *SHIPPED, ARTICLE, "auto of three")
            row = [f"{found[key]:.3f}" if key in found else "" for key in columns]
            accuracies.append([f"{name} ({measured['n_pictures']})", choices, *row])
    print("Trial of the shipped networks, in seconds: no features cached, all cached, and with the")
    print("result of an earlier trial.\n")
    print_table(["chosen for", "cold", "warm", "again"], times)
    print(
        f"\n{FOLDS}-fold cross-validation of the default training, {repeats} repeats; auto chooses"
    )
    print("in each fold anew. In the last column, the article's network is at hand as well.\n")
    print_table(
        ["dataset (pictures)", "auto took", "auto", *SHIPPED, ARTICLE, "auto of three"], accuracies
    )


if __name__ == "__main__":
    main()
