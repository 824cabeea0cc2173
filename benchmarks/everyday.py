"""`python -m benchmarks.everyday`: the shipped networks on pictures that need no download."""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path

import click
import numpy as np

from benchmarks import cross_validation, default_training
from benchmarks.isolated import run_isolated
from benchmarks.tables import print_table
from cluster_core.model.backbones.converted import ConvertedBackbone
from cluster_core.model.backbones.litert import load_extractor
from cluster_core.model.backbones.registry import get_backbone, list_backbones
from cluster_core.model.backbones.shipped import load_shipped_record
from cluster_core.model.backbones.weights import find_weights
from cluster_core.workspace import Workspace
from tests.drawn_pictures import write_digits, write_shapes, write_tiles

DATASETS = {
    "drawn shapes (3 x 25)": write_shapes,
    "handwritten digits (10 x 30)": write_digits,
    "tiles of 12 pictures (12 x 16)": write_tiles,
}
NETWORKS = ("sky", "everyday", "mobilenet_0.50_224")
THREADS = (1, 2)
N_TIMINGS = 200


@click.command()
@click.option(
    "--model_dir",
    type=click.Path(path_type=Path),
    default=Workspace.default().models,
    help="Folder of the pretrained weights.",
)
@click.option("--repeats", default=5, show_default=True, help="Repeats of the cross-validation.")
def main(model_dir: Path, repeats: int) -> None:
    """Print speeds, and accuracies of the default retraining from repeated cross-validation."""
    _print_speeds()
    specs = [get_backbone(name) for name in NETWORKS]
    found = [spec.name for spec in specs if spec.ships or find_weights(spec, model_dir)]
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for name, write in DATASETS.items():
            photos = write(Path(folder, name))
            row = [name]
            for architecture in found:
                accuracies = run_isolated(
                    default_training.measure,
                    photos=str(photos),
                    model_dir=str(model_dir.resolve()),
                    workspace=str(Path(folder, "workspace")),
                    architecture=architecture,
                    repeats=repeats,
                )["accuracies"]
                spread = f" ± {statistics.stdev(accuracies):.3f}" if repeats > 1 else ""
                row.append(f"{statistics.mean(accuracies):.3f}{spread}")
            rows.append(row)
    print(f"{cross_validation.FOLDS}-fold cross-validation, {repeats} repeats, default settings.\n")
    print_table(["", *found], rows)


def _print_speeds() -> None:
    """Print how long the shipped networks take for one view."""
    print(f"One view with LiteRT, milliseconds, fastest of {N_TIMINGS} (median).\n")
    rows = []
    for spec in list_backbones():
        if spec.ships:
            times = [_time_views(load_shipped_record(spec), n_threads) for n_threads in THREADS]
            rows.append(
                [spec.name, *(f"{min(ms):.1f} ({statistics.median(ms):.1f})" for ms in times)]
            )
    print_table(["", *(f"threads: {n_threads}" for n_threads in THREADS)], rows)
    print()


def _time_views(backbone: ConvertedBackbone, n_threads: int) -> list[float]:
    side_px = backbone.spec.input_size_px
    pictures = [np.zeros((side_px, side_px, 3), np.uint8)]
    extractor = load_extractor(backbone, n_threads)
    extractor.extract(pictures)
    times = []
    for _ in range(N_TIMINGS):
        start_s = time.perf_counter()
        extractor.extract(pictures)
        times.append(1000 * (time.perf_counter() - start_s))
    return times


if __name__ == "__main__":
    main()
