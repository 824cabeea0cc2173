"""Run an exported file on pictures, with the libraries of its users and without Cluster Lab.

`python -I fresh_run.py FORMAT EXPORT PICTURES ANSWERS` reads the .png files in the folder PICTURES,
and writes one entry for each to the JSON file ANSWERS: the scores in the order of the labels, and
novelty and verdict where the format has them. It imports nothing of this program.
"""

from __future__ import annotations

import importlib.util
import json
import sys
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

Answer = dict[str, Any]
Run = Callable[[Path], Answer]


def open_tflite(path: Path) -> Run:
    """Return how LiteRT answers."""
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(str(path))
    interpreter.allocate_tensors()
    entry, end = interpreter.get_input_details()[0], interpreter.get_output_details()[0]

    def run(picture: Path) -> Answer:
        interpreter.set_tensor(entry["index"], _read_resized(picture, entry["shape"][1])[None])
        interpreter.invoke()
        return {"scores": interpreter.get_tensor(end["index"])[0].tolist()}

    return run


def open_onnx(path: Path) -> Run:
    """Return how ONNX Runtime answers."""
    import onnxruntime

    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    return lambda picture: _to_answer(
        dict(zip(names, session.run(names, {"image": _read(picture)[None]}), strict=True))
    )


def open_keras(path: Path) -> Run:
    """Return how Keras answers."""
    import keras

    model = keras.models.load_model(path)
    return lambda picture: _to_answer(model(_read(picture)[None]))


def open_savedmodel(path: Path) -> Run:
    """Return how TensorFlow answers with a SavedModel."""
    import tensorflow as tf

    loaded = tf.saved_model.load(str(path))
    serve = loaded.signatures["serving_default"]
    return lambda picture: _to_answer(serve(image=tf.constant(_read(picture)[None])))


def open_pb(path: Path) -> Run:
    """Return how a program of TensorFlow 1 answers with a frozen graph."""
    import tensorflow as tf

    definition = tf.compat.v1.GraphDef()
    definition.ParseFromString((path / "retrained_graph.pb").read_bytes())
    with tf.Graph().as_default() as graph:
        tf.import_graph_def(definition)
    names = {operation.name for operation in graph.get_operations()}
    entry = "import/Mul" if "import/Mul" in names else "import/input"
    feed = graph.get_operation_by_name(entry).outputs[0]
    fetch = graph.get_operation_by_name("import/final_result").outputs[0]
    session = tf.compat.v1.Session(graph=graph)

    def run(picture: Path) -> Answer:
        pixels = _read_resized(picture, feed.shape[1]).astype(np.float32) / 127.5 - 1
        return {"scores": session.run(fetch, {feed: pixels[None]})[0].tolist()}

    return run


def open_takeaway(path: Path) -> Run:
    """Return how the script of a take-away .zip file answers."""
    folder = Path(tempfile.mkdtemp(dir=path.parent))
    with zipfile.ZipFile(path) as archive:
        archive.extractall(folder)
    spec = importlib.util.spec_from_file_location("classify", folder / "classify.py")
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    labels = json.loads((folder / "cluster_lab.json").read_text("utf-8"))["labels"]

    def run(picture: Path) -> Answer:
        answer: Answer = script.classify(str(picture))
        return {**answer, "scores": [answer["scores"][label] for label in labels]}

    return run


def open_web(path: Path) -> Run:
    """Return how the network and the last layer of a web page answer, without its browser."""
    from ai_edge_litert.interpreter import Interpreter

    record = json.loads((path / "model.json").read_text("utf-8"))
    n_features, n_labels = record["features"], len(record["labels"])
    head = np.fromfile(path / "tables.bin", "<f4")[: (n_features + 1) * n_labels]
    *weights, bias = head.reshape(n_features + 1, n_labels).astype(np.float64)
    interpreter = Interpreter(str(path / "network.tflite"))
    interpreter.allocate_tensors()
    entry, end = interpreter.get_input_details()[0], interpreter.get_output_details()[0]

    def run_view(pixels: np.ndarray) -> np.ndarray:
        interpreter.set_tensor(entry["index"], (pixels.astype(np.float32) / 127.5 - 1)[None])
        interpreter.invoke()
        logits = (interpreter.get_tensor(end["index"])[0] @ weights + bias) / record["temperature"]
        odds = np.exp(logits - logits.max())
        scores: np.ndarray = odds / odds.sum()
        return scores

    def run(picture: Path) -> Answer:
        pixels = _read_resized(picture, record["sizePx"])
        symmetries = [np.rot90(side, n) for side in (pixels, pixels[:, ::-1]) for n in range(4)]
        views = [run_view(view) for view in symmetries[: record["views"]]]
        return {"scores": np.mean(views, axis=0).tolist()}

    return run


OPENERS = {
    "tflite": open_tflite,
    "onnx": open_onnx,
    "keras": open_keras,
    "savedmodel": open_savedmodel,
    "pb": open_pb,
    "takeaway": open_takeaway,
    "web": open_web,
}


def _read(picture: Path) -> np.ndarray:
    return np.asarray(Image.open(picture).convert("RGB"))


def _read_resized(picture: Path, size_px: int) -> np.ndarray:
    size = (int(size_px), int(size_px))
    image = Image.open(picture).convert("RGB")
    return np.asarray(image.resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0))


def _to_answer(outputs: Any) -> Answer:
    answer: Answer = {"scores": np.asarray(outputs["scores"])[0].tolist()}
    if "novelty" in outputs:
        answer["novelty"] = float(np.asarray(outputs["novelty"])[0])
    return answer


def main(kind: str, export: str, pictures: str, answers: str) -> None:
    """Answer for every picture of a folder, in the order of their names."""
    run = OPENERS[kind](Path(export))
    found = [run(path) for path in sorted(Path(pictures).glob("*.png"))]
    assert "cluster_core" not in sys.modules
    Path(answers).write_text(json.dumps(found), "utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
