"""`python -m benchmarks.many`: memory and speed of 100,000 pictures, here and on a Dask cluster."""

from __future__ import annotations

import csv
import os
import signal
import statistics
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import click
import dask
from distributed import LocalCluster

from benchmarks import prediction_contenders
from benchmarks.isolated import run_isolated
from benchmarks.our_retraining import ARCHITECTURE, prepare_model
from benchmarks.predict import fill_folder
from benchmarks.tables import print_table
from cluster_core.model.backbones.registry import get_backbone
from cluster_core.model.bundle.folder import load_bundle
from cluster_core.model.prediction.batch import classify_sources
from cluster_core.model.prediction.predictor import Predictor
from cluster_core.sources.finding import PictureSources
from cluster_core.storage.dask_cluster import DaskCluster
from cluster_core.storage.mapping import count_usable_cpus
from cluster_core.workspace import Workspace

N_FEW = 1_000
KILL_EVERY_S = 10
KILLING_S = 60


def link_pictures(sources: list[str], folder: Path, n: int) -> None:
    """Fill a new folder with hard links, which take no room on the disk."""
    folder.mkdir()
    for number in range(n):
        os.link(sources[number % len(sources)], folder / f"{number:06}.jpg")


def measure_memory(pictures: Path, bundle: str, workspace: str) -> dict[str, float]:
    """Run the command on a folder, and check that its table has a row for every picture."""
    output = pictures.with_suffix(".csv")
    measured = run_isolated(
        prediction_contenders.measure_command,
        pictures=str(pictures),
        output=str(output),
        bundle=bundle,
        workspace=workspace,
    )
    require_all(read_names(output), sorted(map(str, pictures.iterdir())))
    return measured


def read_names(table: Path) -> list[str]:
    """Return the first column of a table."""
    with table.open(newline="", encoding="utf-8") as file:
        return [row["path"] for row in csv.DictReader(file)]


def require_all(found: list[str], expected: list[str]) -> None:
    """Exit unless every picture is there once, in order."""
    n_lost = len(set(expected) - set(found))
    n_twice = sum(count > 1 for count in Counter(found).values())
    if found != expected:
        raise SystemExit(f"{n_lost} pictures were lost, and {n_twice} came twice.")


@contextmanager
def running(n_workers: int) -> Iterator[LocalCluster]:
    """Start workers with one thread each, which are started again when they die."""
    with (
        dask.config.set({"distributed.scheduler.allowed-failures": 3}),
        LocalCluster(
            n_workers=n_workers, threads_per_worker=1, dashboard_address=":0", silence_logs=50
        ) as local,
    ):
        yield local


def time_cluster(predictor: Predictor, files: list[str], n_workers: int) -> float:
    """Return pictures per second on local workers, after they have loaded the model."""
    with running(n_workers) as local, DaskCluster(local.scheduler_address) as cluster:
        for part in (files[: 100 * n_workers], files):
            started_s = time.perf_counter()
            answers = list(classify_sources(predictor, PictureSources(part), cluster=cluster))
            seconds = time.perf_counter() - started_s
        require_all([answer.name for answer in answers], files)
    return len(files) / seconds


def label_while_workers_die(predictor: Predictor, files: list[str]) -> dict[str, int]:
    """Label pictures for a minute while a worker is killed every ten seconds."""
    stopping, n_killed, found = threading.Event(), 0, list[str]()

    def kill(local: LocalCluster) -> None:
        nonlocal n_killed
        while not stopping.wait(KILL_EVERY_S):
            process_ids = [nanny.pid for nanny in local.workers.values() if nanny.pid]
            if process_ids:
                with suppress(ProcessLookupError):
                    os.kill(process_ids[n_killed % len(process_ids)], signal.SIGKILL)
                    n_killed += 1

    n_unlabelled, n_rounds, started_s = 0, 0, time.monotonic()
    with running(2) as local, DaskCluster(local.scheduler_address) as cluster:
        killing = threading.Thread(target=kill, args=[local])
        killing.start()
        try:
            while time.monotonic() - started_s < KILLING_S:
                for answer in classify_sources(predictor, PictureSources(files), cluster=cluster):
                    found.append(answer.name)
                    n_unlabelled += answer.prediction is None
                n_rounds += 1
        finally:
            stopping.set()
            killing.join()
    require_all(found, files * n_rounds)
    return {"labelled": len(found), "given up": n_unlabelled, "killed": n_killed}


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
@click.option("--many", default=100_000, show_default=True, help="Pictures for the memory.")
@click.option("--rounds", default=3, show_default=True, help="Runs of each contender.")
def main(photos: Path | None, model_dir: Path, many: int, rounds: int) -> None:
    """Print memory, speed here, speed on a cluster, and what is lost when workers die."""
    spec, n_threads = get_backbone(ARCHITECTURE), count_usable_cpus()
    with tempfile.TemporaryDirectory() as folder:
        workspace = str(Path(folder) / "workspace")
        files = fill_folder(photos, Path(folder) / "pictures")
        model = run_isolated(
            prepare_model, model_dir=str(model_dir.resolve()), workspace=workspace, alpha=spec.alpha
        )
        bundle = model["bundle"]
        common = {"files": files, "n_threads": n_threads}
        ours, bare, one, two = [], [], [], []
        predictor = Predictor(load_bundle(Path(bundle)), Workspace(Path(workspace)))
        for _ in range(rounds):
            measure = prediction_contenders.measure_ours
            ours.append(run_isolated(measure, **common, bundle=bundle, workspace=workspace))
            measure_bare = prediction_contenders.measure_bare_litert
            size_px = spec.input_size_px
            bare.append(
                run_isolated(measure_bare, **common, litert=model["litert"], size_px=size_px)
            )
            one.append(time_cluster(predictor, files, 1))
            two.append(time_cluster(predictor, files, 2))
        speeds = {
            "ours, threads": [figures["per_second"] for figures in ours],
            f"bare decode + LiteRT, {n_threads} cores": [f["per_second"] for f in bare],
            "Dask, one worker of one thread": one,
            "Dask, two of them": two,
        }
        print(f"{ARCHITECTURE}, {len(files)} pictures, median of {rounds} rounds.\n")
        print_table(
            ["", "pictures/s"],
            [[name, f"{statistics.median(s):.0f}"] for name, s in speeds.items()],
        )
        ratio = statistics.median(
            a["per_second"] / b["per_second"] for a, b in zip(ours, bare, strict=True)
        )
        speedup = statistics.median(b / a for a, b in zip(one, two, strict=True))
        print(f"\nOurs / bare: {ratio:.2f}. Two workers / one: {speedup:.2f}.\n")
        died = label_while_workers_die(predictor, files)
        print(f"A worker killed every {KILL_EVERY_S} s: {died}, nothing lost, nothing twice.\n")
        rows = []
        for n in (N_FEW, many):
            pictures = Path(folder) / f"pictures-{n}"
            link_pictures(files, pictures, n)
            measured = measure_memory(pictures, bundle, workspace)
            rows.append([f"{n}", f"{measured['command_mb']:.0f}", f"{measured['seconds']:.0f}"])
        print_table(["classify, pictures", "peak MB", "seconds"], rows)


if __name__ == "__main__":
    main()
