"""Label pictures, as `python classify.py PICTURE [PICTURE ...]`."""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from PIL import Image, ImageOps

# Others, such as FITS, need a stretch that only Cluster Lab has.
FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "GIF")
Image.init()  # else Pillow does not know all of them yet
HERE = Path(__file__).parent
ABOUT = json.loads((HERE / "cluster_lab.json").read_text("utf-8"))
MODEL = np.load(HERE / "model.npz")
NETWORK = Interpreter(str(HERE / "network.tflite"))
NETWORK.allocate_tensors()
INPUT, OUTPUT = NETWORK.get_input_details()[0], NETWORK.get_output_details()[0]


def classify(path: str) -> dict[str, Any]:
    """Return the verdict on a picture, the score of each class, and how novel the picture is.

    Raises OSError if it is no picture of 8 bits in one of the formats.
    """
    side, file = int(INPUT["shape"][1]), Image.open(path, formats=FORMATS)
    if file.mode.startswith("I"):
        raise OSError("it has more than 8 bits")
    file.draft(None, (2 * side, 2 * side))  # large JPEG files are read at a fraction of their size
    picture = ImageOps.exif_transpose(file).convert("RGB")
    resized = picture.resize((side, side), Image.Resampling.BILINEAR, reducing_gap=2.0)
    pixels = np.asarray(resized)
    bases = (pixels, pixels[:, ::-1]) if MODEL["n_views"] > 1 else (pixels,)
    views = [np.rot90(base, turns) for base in bases for turns in range(4)][: MODEL["n_views"]]
    features = np.stack([compute_features(view) for view in views])
    logits = (features @ MODEL["weights"] + MODEL["bias"]) / MODEL["temperature"]
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    scores = (powers / powers.sum(axis=1, keepdims=True)).mean(axis=0)
    verdict, novelty = ABOUT["labels"][scores.argmax()], None
    if round(float(scores.max()), 2) < ABOUT["unsure_below"]:
        verdict = "unsure"
    if ABOUT["none_of_these_above"] is not None:
        novelty = measure_novelty(features.astype(float))
        verdict = "none of these" if novelty > ABOUT["none_of_these_above"] else verdict
    ranked = {ABOUT["labels"][number]: float(scores[number]) for number in np.argsort(-scores)}
    return {"verdict": verdict, "scores": ranked, "novelty": novelty}


def compute_features(view: np.ndarray) -> np.ndarray:
    NETWORK.set_tensor(INPUT["index"], (view / np.float32(127.5) - np.float32(1))[np.newaxis])
    NETWORK.invoke()
    return np.array(NETWORK.get_tensor(OUTPUT["index"])[0])


def measure_novelty(features: np.ndarray) -> float:
    """Compare a picture with the pictures that the model learned from; 0 is like them, 1 is not."""
    mean = features.mean(axis=0)
    away = mean / (np.linalg.norm(mean) + 1e-9) - MODEL["means"].astype(float)
    squares = (away**2).sum(axis=1) - ((away @ MODEL["axes"].T) ** 2).sum(axis=1)
    distance = np.log(max(squares.min() / MODEL["unit"], 1e-12))
    odds = (features @ MODEL["log_odds"][:-1] + MODEL["log_odds"][-1]).mean()
    excess = MODEL["distance_weight"] * distance + odds - MODEL["offset"]
    return float(1 / (1 + np.exp(-np.clip(excess, -700, 700))))


def main() -> int:
    """Print the answer for each picture; return 1 if one cannot be read."""
    status = 0
    for name in sys.argv[1:]:
        try:
            print(name, json.dumps(classify(name), ensure_ascii=False))
        except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
            print(f"{name} cannot be read ({error}): save it as JPEG or PNG.", file=sys.stderr)
            status = 1
    return status


if __name__ == "__main__":
    sys.exit(main())
