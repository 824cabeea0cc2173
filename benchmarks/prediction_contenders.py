"""Contenders of the prediction benchmark: from the bytes of a picture to its class."""

from __future__ import annotations

import io
import statistics
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

N_SINGLE = 60
N_WARM_UP = 5
BATCH_SIZE = 32
# Keras takes tens of milliseconds per picture, so fewer pictures are enough to time it.
N_KERAS_FOLDER = 320

Labeller = Callable[[bytes], int]


def measure_ours(files: list[str], bundle: str, workspace: str, n_threads: int) -> dict[str, Any]:
    """Time `Predictor` on single pictures, then `classify_sources` on all.

    Parameters
    ----------
    files : list of str
        JPEG pictures.
    bundle, workspace : str
        Folders of the model and of the workspace.
    n_threads : int
        Threads for a single picture.

    Returns
    -------
    dict
        `single_ms`, median milliseconds per picture, and `per_second`, pictures per second
        for all files.
    """
    from cluster_core.model.bundle.folder import load_bundle
    from cluster_core.model.prediction.batch import classify_sources
    from cluster_core.model.prediction.predictor import Predictor
    from cluster_core.sources.source import PictureSource
    from cluster_core.workspace import Workspace

    loaded, where = load_bundle(Path(bundle)), Workspace(Path(workspace))
    one = Predictor(loaded, where, n_threads)
    single_ms = _time_single(lambda data: one.predict_file(data, "picture").seconds, files)
    many = Predictor(loaded, where)
    per_second = _time_folder(
        classify_sources(many, (PictureSource.of_file(Path(file)) for file in files)), len(files)
    )
    return {"single_ms": single_ms, "per_second": per_second}


def measure_command(pictures: str, output: str, bundle: str, workspace: str) -> dict[str, float]:
    """Run `classify` on a folder from start to exit, started by this small process.

    Linux counts the memory of a process that starts another as memory of the other one.

    Parameters
    ----------
    pictures, output : str
        The folder, and the table to write.
    bundle, workspace : str
        Folders of the model and of the workspace.

    Returns
    -------
    dict
        `seconds`, and `command_mb`, the peak memory in MB.
    """
    from benchmarks.predict import run_command

    arguments = ("classify", pictures, "--graph", bundle, "--output", output)
    measured = run_command("cluster_core", *arguments, workspace=workspace)
    return {"seconds": measured["seconds"], "command_mb": measured["peak_mb"]}


def measure_bare_litert(
    files: list[str], litert: str, size_px: int, n_threads: int
) -> dict[str, Any]:
    """Time Pillow and one LiteRT interpreter per thread, and nothing else.

    Parameters
    ----------
    files : list of str
        JPEG pictures.
    litert : str
        The converted backbone.
    size_px : int
        Side of its input.
    n_threads : int
        Threads for a single picture, and interpreters for the folder.

    Returns
    -------
    dict
        As that of `measure_ours`.
    """
    from ai_edge_litert.interpreter import Interpreter

    def make_labeller(n_threads: int) -> Labeller:
        interpreter = Interpreter(model_path=litert, num_threads=n_threads)
        interpreter.allocate_tensors()
        input_index = interpreter.get_input_details()[0]["index"]
        output_index = interpreter.get_output_details()[0]["index"]

        def label(data: bytes) -> int:
            interpreter.set_tensor(input_index, _prepare(data, size_px)[np.newaxis])
            interpreter.invoke()
            return int(interpreter.get_tensor(output_index).argmax())

        return label

    single_ms = _time_single(make_labeller(n_threads), files)
    parts = [files[number::n_threads] for number in range(n_threads)]

    def label_part(part: list[str]) -> None:
        label = make_labeller(1)
        for file in part:
            label(Path(file).read_bytes())

    with ThreadPoolExecutor(n_threads) as pool:
        per_second = _time_folder(pool.map(label_part, parts), len(files))
    return {"single_ms": single_ms, "per_second": per_second}


def measure_keras(files: list[str], weights: str, alpha: float, size_px: int) -> dict[str, Any]:
    """Time Keras `predict` and `predict_on_batch` on a frozen network with a head.

    Parameters
    ----------
    files : list of str
        JPEG pictures.
    weights : str
        File of the pretrained weights.
    alpha : float
        Width multiplier of MobileNet.
    size_px : int
        Side of its input.

    Returns
    -------
    dict
        For each of the two methods, a dict as that of `measure_ours`.
    """
    import keras

    base = keras.applications.MobileNet(
        input_shape=(size_px, size_px, 3),
        alpha=alpha,
        include_top=False,
        weights=None,
        pooling="avg",
    )
    base.load_weights(weights)
    model = keras.Sequential([base, keras.layers.Dense(2, activation="softmax")])

    def folder(predict: Callable[[np.ndarray], np.ndarray]) -> Iterable[np.ndarray]:
        for start in range(0, N_KERAS_FOLDER, BATCH_SIZE):
            portion = files[start : start + BATCH_SIZE]
            yield predict(np.stack([_prepare(Path(f).read_bytes(), size_px) for f in portion]))

    def measure(predict: Callable[[np.ndarray], np.ndarray]) -> dict[str, float]:
        single_ms = _time_single(
            lambda data: int(predict(_prepare(data, size_px)[np.newaxis]).argmax()), files
        )
        return {"single_ms": single_ms, "per_second": _time_folder(folder(predict), N_KERAS_FOLDER)}

    return {
        "predict": measure(lambda pictures: model.predict(pictures, verbose=0)),
        "predict_on_batch": measure(model.predict_on_batch),
    }


def _prepare(data: bytes, size_px: int) -> np.ndarray:
    picture = Image.open(io.BytesIO(data)).convert("RGB")
    pixels = np.asarray(picture.resize((size_px, size_px), Image.Resampling.BILINEAR), np.float32)
    return pixels / np.float32(127.5) - np.float32(1)


def _time_single(label: Callable[[bytes], Any], files: list[str]) -> float:
    """Return the median milliseconds from the bytes of a picture to its answer."""
    contents = [Path(files[number % len(files)]).read_bytes() for number in range(N_SINGLE)]
    for data in contents[:N_WARM_UP]:
        label(data)
    times_ms = []
    for data in contents:
        start_s = time.perf_counter()
        label(data)
        times_ms.append((time.perf_counter() - start_s) * 1e3)
    return statistics.median(times_ms)


def _time_folder(answers: Iterable[Any], n: int) -> float:
    """Exhaust `answers` of n pictures; return the pictures per second."""
    start_s = time.perf_counter()
    for _ in answers:
        pass
    return n / (time.perf_counter() - start_s)
