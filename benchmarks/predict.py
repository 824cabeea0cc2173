"""`python -m benchmarks.predict`: our prediction, compared with Keras and bare LiteRT."""

from __future__ import annotations

import itertools
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import click
import numpy as np
from PIL import Image

from benchmarks import prediction_contenders
from benchmarks.isolated import BYTES_PER_UNIT, PROJECT, run_isolated
from benchmarks.our_retraining import ARCHITECTURE, prepare_model
from benchmarks.tables import print_table
from cluster_core.model.backbones.registry import get_backbone
from cluster_core.storage.mapping import count_usable_cpus
from cluster_core.workspace import ROOT_VARIABLE, Workspace

N_PICTURES = 2000
N_RENDERED = 40
RENDERED_SIZE_PX = 256


def fill_folder(photos: Path | None, folder: Path) -> list[str]:
    """Fill a new folder with `N_PICTURES` JPEG pictures.

    Parameters
    ----------
    photos : Path, optional
        Folder of JPEGs to copy, repeatedly if need be. Noise is rendered if omitted.
    folder : Path
        The folder to create.

    Returns
    -------
    list of str
        The pictures.
    """
    if photos is None:
        random = np.random.default_rng(0)
        photos = folder.with_name("rendered")
        photos.mkdir()
        for number in range(N_RENDERED):
            noise = random.integers(0, 256, (RENDERED_SIZE_PX // 8, RENDERED_SIZE_PX // 8, 3))
            small = Image.fromarray(noise.astype(np.uint8))
            small.resize((RENDERED_SIZE_PX, RENDERED_SIZE_PX)).save(photos / f"{number}.jpg")
    sources = sorted(path for path in photos.rglob("*") if path.suffix.lower() == ".jpg")
    folder.mkdir()
    files = []
    for number, source in zip(range(N_PICTURES), itertools.cycle(sources)):
        target = folder / f"{number:04}.jpg"
        shutil.copy(source, target)
        files.append(str(target))
    return files


def run_command(*arguments: str, workspace: str) -> dict[str, float]:
    """Run one of our commands from start to exit.

    Parameters
    ----------
    *arguments : str
        The module, and its arguments.
    workspace : str
        Folder of the workspace.

    Returns
    -------
    dict
        `seconds`, and `peak_mb`, the peak memory of the process in MB.

    Raises
    ------
    SystemExit
        If the command fails.
    """
    start_s = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", *arguments],
        cwd=PROJECT,
        env=os.environ | {ROOT_VARIABLE: workspace},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"{' '.join(arguments)} failed")
    seconds = time.perf_counter() - start_s
    return {"seconds": seconds, "peak_mb": usage.ru_maxrss * BYTES_PER_UNIT / 1e6}


@click.command()
@click.option(
    "--photos", type=click.Path(path_type=Path, exists=True), help="Folder of JPEGs to use."
)
@click.option(
    "--model_dir",
    type=click.Path(path_type=Path),
    default=Workspace.default().models,
    help="Folder of the pretrained weights.",
)
@click.option("--rounds", default=3, show_default=True, help="Runs of every contender.")
def main(photos: Path | None, model_dir: Path, rounds: int) -> None:
    """Print milliseconds per picture and pictures per second for a folder, with ratios."""
    spec, n_threads = get_backbone(ARCHITECTURE), count_usable_cpus()
    with tempfile.TemporaryDirectory() as folder:
        workspace = str(Path(folder) / "workspace")
        files = fill_folder(photos, Path(folder) / "pictures")
        model = run_isolated(
            prepare_model, model_dir=str(model_dir.resolve()), workspace=workspace, alpha=spec.alpha
        )
        common = {"files": files, "n_threads": n_threads}
        results: list[dict[str, dict[str, Any]]] = []
        for _ in range(rounds):
            ours = run_isolated(
                prediction_contenders.measure_ours,
                **common,
                bundle=model["bundle"],
                workspace=workspace,
            )
            bare = run_isolated(
                prediction_contenders.measure_bare_litert,
                **common,
                litert=model["litert"],
                size_px=spec.input_size_px,
            )
            keras = run_isolated(
                prediction_contenders.measure_keras,
                files=files,
                weights=model["weights"],
                alpha=spec.alpha,
                size_px=spec.input_size_px,
            )
            peers = {
                f"Keras {name}": keras[name] | {"peak_mb": keras["peak_mb"]}
                for name in ("predict", "predict_on_batch")
            }
            results.append({"ours": ours, "bare LiteRT": bare} | peers)
        _print(results, n_threads)
        _print_commands(files, model["bundle"], workspace)


def _print(results: list[dict[str, dict[str, Any]]], n_threads: int) -> None:
    print(f"{ARCHITECTURE}, one view, {n_threads} cores, median of {len(results)} rounds.")
    print("From the bytes of a file to the answer, including decoding.\n")

    def median_ratio(name: str, key: str) -> float:
        return statistics.median(result["ours"][key] / result[name][key] for result in results)

    rows = []
    for name in results[0]:
        figures = {
            key: statistics.median(result[name][key] for result in results)
            for key in ("single_ms", "per_second", "peak_mb")
        }
        rows.append(
            [
                name,
                f"{figures['single_ms']:.2f}",
                f"{1 / median_ratio(name, 'single_ms'):.2f}",
                f"{figures['per_second']:.0f}",
                f"{1 / median_ratio(name, 'per_second'):.2f}",
                f"{figures['peak_mb']:.0f}",
            ]
        )
    columns = ["", "one picture, ms", "/ ours", "folder, pictures/s", "/ ours", "peak MB"]
    print_table(columns, rows)


def _print_commands(files: list[str], bundle: str, workspace: str) -> None:
    folder = str(Path(files[0]).parent)
    output = str(Path(workspace) / "predictions.csv")
    label = run_command(
        "cluster_core.label_image", f"--image={files[0]}", f"--graph={bundle}", workspace=workspace
    )
    classify = run_command(
        "cluster_core", "classify", folder, "--output", output, workspace=workspace
    )
    print("\nCommands, from start to exit:\n")
    print_table(
        ["", "seconds", "peak MB"],
        [
            ["label_image, one picture", f"{label['seconds']:.2f}", f"{label['peak_mb']:.0f}"],
            [
                f"classify, {len(files)} pictures",
                f"{classify['seconds']:.2f}",
                f"{classify['peak_mb']:.0f}",
            ],
        ],
    )


if __name__ == "__main__":
    main()
