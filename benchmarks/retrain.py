"""`python -m benchmarks.retrain --photos DIR`: our retraining, compared with the Keras guide."""

from __future__ import annotations

import shutil
import statistics
import tempfile
from pathlib import Path
from typing import Any

import click

from benchmarks import keras_recipe, our_retraining
from benchmarks.isolated import run_isolated
from benchmarks.our_retraining import ARCHITECTURE, TESTING_PERCENTAGE
from benchmarks.tables import print_table
from cluster_core.data.index import scan_dataset
from cluster_core.data.splits import split_dataset
from cluster_core.model.backbones.registry import get_backbone
from cluster_core.storage.cache_file import CacheFile
from cluster_core.workspace import Workspace

STEPS = 500
MANY_STEPS = 4000


def list_sides(photos: Path, folder: Path) -> list[list[tuple[str, int]]]:
    """Split a dataset as our training does, for the peer.

    Parameters
    ----------
    photos : Path
        The dataset.
    folder : Path
        Folder for the cache of the scan.

    Returns
    -------
    list of list of (str, int)
        Path and class of every training, validation and test picture.
    """
    with CacheFile(folder) as cache:
        index = scan_dataset(photos, cache)
    split = split_dataset(index, testing_percentage=TESTING_PERCENTAGE, validation_percentage=10)
    return [
        [(str(picture.path.resolve()), index.labels.index(picture.label)) for picture in side]
        for side in (split.training, split.validation, split.testing)
    ]


def run_round(ours: dict[str, Any], peer: dict[str, Any], number: int) -> dict[str, dict[str, Any]]:
    """Run every contender once, with the peer first in even and last in odd rounds.

    Parameters
    ----------
    ours : dict
        Arguments of `our_retraining.measure`, without `steps` and `n_before`.
    peer : dict
        Arguments of `keras_recipe.measure`.
    number : int
        Number of the round, from 0.

    Returns
    -------
    dict
        The measurements by the name of the contender.
    """
    cache = Workspace(Path(ours["workspace"])).bottlenecks

    def run_ours() -> dict[str, dict[str, Any]]:
        shutil.rmtree(cache, ignore_errors=True)
        return {
            "ours, no bottlenecks yet": run_isolated(
                our_retraining.measure, **ours, steps=STEPS, n_before=0
            ),
            "ours, bottlenecks cached": run_isolated(
                our_retraining.measure, **ours, steps=STEPS, n_before=0
            ),
            "ours, in a warm worker": run_isolated(
                our_retraining.measure, **ours, steps=STEPS, n_before=1
            ),
            f"ours, warm worker, {MANY_STEPS} steps": run_isolated(
                our_retraining.measure, **ours, steps=MANY_STEPS, n_before=1
            ),
        }

    def run_peer() -> dict[str, dict[str, Any]]:
        return {"Keras guide, 10 epochs": run_isolated(keras_recipe.measure, **peer)}

    first, second = (run_peer, run_ours) if number % 2 == 0 else (run_ours, run_peer)
    return first() | second()


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
@click.option("--rounds", default=3, show_default=True, help="Runs of every contender.")
def main(photos: Path, model_dir: Path, rounds: int) -> None:
    """Print seconds after the imports, speed-up over the peer, accuracy and peak memory."""
    spec = get_backbone(ARCHITECTURE)
    weights = keras_recipe.find_weights_file(model_dir, ARCHITECTURE)
    with tempfile.TemporaryDirectory() as folder:
        ours = {
            "photos": str(photos.resolve()),
            "model_dir": str(model_dir.resolve()),
            "workspace": folder,
        }
        peer: dict[str, Any] = {
            "weights": str(weights.resolve()),
            "alpha": spec.alpha,
            "size_px": spec.input_size_px,
            "sides": list_sides(photos, Path(folder) / "scan"),
        }
        conversion = run_isolated(
            our_retraining.measure_conversion, model_dir=ours["model_dir"], workspace=folder
        )
        results = [run_round(ours, peer, number) for number in range(rounds)]
    _print(results, len(peer["sides"][0]))
    print(f"\nConverting the backbone, once per machine: {conversion['seconds']:.1f} s.")


def _print(results: list[dict[str, dict[str, Any]]], n_training: int) -> None:
    print(f"{ARCHITECTURE}, {STEPS} steps, {n_training} training pictures, ", end="")
    print(f"median of {len(results)} rounds\n")
    names = sorted(results[0])
    seconds = {name: statistics.median(r[name]["seconds"] for r in results) for name in names}
    peer = next(name for name in names if name.startswith("Keras"))
    rows = []
    for name in names:
        best = min(result[name]["seconds"] for result in results)
        last = results[-1][name]
        peak = statistics.median(result[name]["peak_mb"] for result in results)
        ratio = statistics.median(r[peer]["seconds"] / r[name]["seconds"] for r in results)
        rows.append(
            [
                name,
                f"{seconds[name]:.2f}",
                f"{best:.2f}",
                f"{ratio:.1f}",
                f"{last['right']} of {last['n']}",
                f"{peak:.0f}",
            ]
        )
    columns = ["", "seconds", "fastest", "speed-up", "correct test pictures", "peak MB"]
    print_table(columns, rows)


if __name__ == "__main__":
    main()
