"""`python -m benchmarks.large_dataset`: scan, copies, split, training and page of many pictures."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import click
import numpy as np
from PIL import Image

from benchmarks.isolated import PROJECT, run_isolated
from benchmarks.streamlit_server import StreamlitServer, run_server
from benchmarks.streamlit_session import visit
from benchmarks.tables import print_table
from cluster_core.data.groups import list_copies
from cluster_core.data.index import scan_dataset
from cluster_core.data.saved_index import scan_unless_saved
from cluster_core.data.signature import compute_signature
from cluster_core.data.splits import split_dataset
from cluster_core.model.backbones.registry import SKY_BACKBONE
from cluster_core.model.backbones.shipped import load_shipped_record
from cluster_core.storage.cache_file import CacheFile
from cluster_core.workspace import DATASET_SUFFIX, ROOT_VARIABLE, Workspace

LABELS = ("dense", "loose", "sparse")
_SIDE_PX = 128
_N_STARS = {"dense": 300, "loose": 90, "sparse": 25}
_COPY_EVERY = 50
_PORTION = 500
_TRAINING_STEPS = 500


def render_field(seed: int) -> np.ndarray:
    """Return a small field of stars around a random centre.

    Returns
    -------
    ndarray of uint8, (128, 128)
        Grey.
    """
    random = np.random.default_rng(seed)
    n_stars = _N_STARS[LABELS[seed % len(LABELS)]]
    radii = random.exponential(18, n_stars)
    angles = random.uniform(0, 2 * np.pi, n_stars)
    centre = random.uniform(44, 84, (2, 1))
    places = np.rint(centre + radii * np.array([np.cos(angles), np.sin(angles)])).astype(int)
    places = places[:, ((places >= 0) & (places < _SIDE_PX)).all(axis=0)]
    field = np.zeros((_SIDE_PX, _SIDE_PX), np.float32)
    np.add.at(field, tuple(places), random.pareto(1.5, places.shape[1]) * 400)
    shown: np.ndarray = np.minimum(field, 6000) * np.float32(6 * 255 / 6000)
    for axis in (0, 1):  # a star has a width of some pixels
        shown = shown / 2 + (np.roll(shown, 1, axis) + np.roll(shown, -1, axis)) / 4
    noise = random.normal(20, 4, shown.shape)
    return np.clip(noise + shown, 0, 255).astype(np.uint8)


def write_pictures(folder: Path, first: int, n: int) -> None:
    """Write pictures; every 50th is a copy of an earlier one, compressed more."""
    for number in range(first, first + n):
        is_copy = number % _COPY_EVERY == _COPY_EVERY - 1
        seed = number - 3 if is_copy else number  # of the same class
        path = folder / LABELS[number % len(LABELS)] / f"field {number:06}.jpg"
        Image.fromarray(render_field(seed)).save(path, quality=60 if is_copy else 85)


def make_dataset(folder: Path, n_pictures: int) -> None:
    """Write a dataset of different small pictures, a fiftieth of them copies."""
    for label in LABELS:
        (folder / label).mkdir(parents=True)
    with ProcessPoolExecutor() as pool:
        firsts = range(0, n_pictures, _PORTION)
        sizes = [min(_PORTION, n_pictures - first) for first in firsts]
        list(pool.map(write_pictures, [folder] * len(firsts), firsts, sizes))


def read_dataset(workspace: str) -> dict[str, Any]:
    """Scan a dataset, search it for copies and split it.

    Returns
    -------
    dict
        Seconds of each, and processor seconds of all; the share of the copies that was found.
    """
    where = Workspace(Path(workspace))
    image_dir = where.root / f"cluster{DATASET_SUFFIX}"
    seconds = {}

    @contextlib.contextmanager
    def timing(name: str) -> Iterator[None]:
        started_s = time.perf_counter()
        yield
        seconds[name] = time.perf_counter() - started_s

    cpu_s = time.process_time()
    with timing("whole"):
        with timing("signature"):
            compute_signature(image_dir)
        with timing("scan"), CacheFile(where.bottlenecks) as cache:
            index = scan_dataset(image_dir, cache)
        with timing("split"):
            split = split_dataset(index, testing_percentage=10, validation_percentage=10)
    seconds["CPU"] = time.process_time() - cpu_s
    pairs = list_copies(index.pictures)
    numbers = [int(picture.path.stem.split()[1]) for picture in index.pictures]
    found = {tuple(sorted((numbers[one], numbers[other]))) for one, other in pairs}
    copies = {(n - 3, n) for n in range(_COPY_EVERY - 1, len(numbers), _COPY_EVERY)}
    return seconds | {
        "found": len(found & copies) / max(1, len(copies)),
        "false": len(found - copies),
        "n": len(index.pictures),
        "testing": len(split.testing),
    }


def open_dataset(workspace: str) -> dict[str, Any]:
    """Take the saved index of a dataset, or scan it and save that.

    Returns
    -------
    dict
        Seconds of it.
    """
    where = Workspace(Path(workspace))
    image_dir = where.root / f"cluster{DATASET_SUFFIX}"
    started_s = time.perf_counter()
    with CacheFile(where.bottlenecks) as cache:
        signature = compute_signature(image_dir)
        scan_unless_saved(image_dir, signature, cache, _ignore, _ignore)
    return {"seconds": time.perf_counter() - started_s}


def _ignore(done: int, total: int) -> None:
    pass


def draw_features(workspace: str) -> dict[str, Any]:
    """Put features drawn at random into the cache: the network would compute them for an hour.

    Returns
    -------
    dict
        The number of rows.
    """
    from cluster_core.model.backbones.preprocessing import Preprocessing
    from cluster_core.model.features.cache import BottleneckCache
    from cluster_core.training.config import TrainConfig

    where = Workspace(Path(workspace))
    config = TrainConfig(where.root / f"cluster{DATASET_SUFFIX}", architecture=SKY_BACKBONE.name)
    random = np.random.default_rng(0)
    with CacheFile(where.bottlenecks) as file:
        pictures = scan_dataset(config.image_dir, file).pictures
        backbone = load_shipped_record(SKY_BACKBONE)
        cache = BottleneckCache(file, backbone, Preprocessing(SKY_BACKBONE.input_size_px))
        for view in config.training_views:
            for start in range(0, len(pictures), _PORTION):
                portion = pictures[start : start + _PORTION]
                rows = random.gamma(2, 1, (len(portion), cache.n_features)).astype(np.float32)
                rows[:, :3] += [[3 * (one.label == label) for label in LABELS] for one in portion]
                cache.save(
                    (view.name, one.sha256, row) for one, row in zip(portion, rows, strict=True)
                )
    return {"rows": len(pictures) * len(config.training_views)}


def train_dataset(workspace: str) -> dict[str, Any]:
    """Train on a dataset with the network on board.

    Returns
    -------
    dict
        The seconds that it took.
    """
    os.environ[ROOT_VARIABLE] = workspace
    from cluster_core.training.config import TrainConfig
    from cluster_core.training.train import train

    where = Workspace(Path(workspace))
    started_s = time.perf_counter()
    config = TrainConfig(
        where.root / f"cluster{DATASET_SUFFIX}",
        architecture=SKY_BACKBONE.name,
        how_many_training_steps=_TRAINING_STEPS,
    )
    result = train(config, where)
    return {"seconds": time.perf_counter() - started_s, "accuracy": result.metrics.accuracy}


async def open_page(server: StreamlitServer) -> list[list[str]]:
    """Open the page Dataset as visitors do, and click there.

    Returns
    -------
    list of list of str
        Rows of a table: what was done, its seconds, and the processor seconds of the server.
    """
    rows = []
    await asyncio.to_thread(server.wait_until_healthy)
    clock = server.read_cpu_s

    def note(name: str, started_s: float, cpu_s: float) -> None:
        seconds = time.perf_counter() - started_s
        rows.append([name, f"{seconds:.2f}", f"{clock() - cpu_s:.2f}"])

    for name in ("first visit after a start", "another visitor", "and another"):
        started_s, cpu_s = time.perf_counter(), clock()
        async with visit(server.port, "dataset") as session:
            note(name, started_s, cpu_s)
            started_s, cpu_s = time.perf_counter(), clock()
            await session.rerun()
            note("a click", started_s, cpu_s)
    return rows


def _measure_size(workspace: Path) -> float:
    """Return the size of the cache in MB."""
    return sum(file.stat().st_size for file in (workspace / "bottlenecks").iterdir()) / 1e6


@click.command()
@click.option("--pictures", default=100_000, show_default=True, help="Size of the dataset.")
@click.option("--training", is_flag=True, help="Also train on it, and print the peak memory.")
@click.option("--page", is_flag=True, help="Also open the page Dataset.")
@click.option("--keep", type=click.Path(path_type=Path), help="Workspace to use and to keep.")
def main(pictures: int, training: bool, page: bool, keep: Path | None) -> None:
    """Measure a large dataset in an empty workspace."""
    workspace = keep or Path(tempfile.mkdtemp())
    try:
        folder = workspace / f"cluster{DATASET_SUFFIX}"
        if not folder.exists():
            make_dataset(folder, pictures)
            time.sleep(4)  # file hashes are kept of files that were settled when they were read
        rows = []
        for name in ("cold", "warm"):
            found = run_isolated(read_dataset, workspace=str(workspace))
            names = ("signature", "scan", "split", "whole", "CPU")
            rows.append([name, *(f"{found[one]:.1f}" for one in names), f"{found['peak_mb']:.0f}"])
        print(f"{found['n']:,} pictures; of the copies {found['found']:.1%} found, "
              f"{found['false']} false")  # fmt: skip
        print_table(["", "signature s", "scan s", "split s", "whole s", "CPU s", "MB"], rows)
        before = _measure_size(workspace)
        for name in ("scanned and saved", "as it was saved"):
            found = run_isolated(open_dataset, workspace=str(workspace))
            print(f"index {name}: {found['seconds']:.1f} s, peak {found['peak_mb']:.0f} MB")
        print(f"saved: {_measure_size(workspace) - before:.0f} MB")
        if page:
            with run_server(PROJECT / "app.py", workspace) as server:
                print_table(["page", "seconds", "CPU s"], asyncio.run(open_page(server)))
        if training:
            run_isolated(draw_features, workspace=str(workspace))
            trained = run_isolated(train_dataset, workspace=str(workspace))
            print(f"training: {trained['seconds']:.0f} s, peak {trained['peak_mb']:.0f} MB")
    finally:
        if keep is None:
            shutil.rmtree(workspace)


if __name__ == "__main__":
    main()
