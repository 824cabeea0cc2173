"""Pictures, looks and features for tests of the checks."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from cluster_core.data.index import Picture
from cluster_core.health.looks import Look

PLAIN_LOOK = Look(0.4, 0.1, 0.9, 0.0, 0.0, 0.2, 0.2, 0.0, 0.1, "JPEG", "")


def make_pictures(n_each: int, labels: tuple[str, ...] = ("a", "b"), side_px: int = 200):
    """Make pictures that exist only by name, each with structure of its own."""
    random = np.random.default_rng(0)
    return [
        Picture(
            Path("photos", label, f"{label}{number}.jpg"),
            label,
            f"{label}{number}",
            side_px,
            side_px,
            random.integers(-127, 128, 1024).astype(np.int8).tobytes(),
        )
        for label in labels
        for number in range(n_each)
    ]


def draw_features(pictures, n_features: int = 30, seed: int = 0) -> np.ndarray:
    """Draw features by which classes can be told apart."""
    random = np.random.default_rng(seed)
    labels = sorted({picture.label for picture in pictures})
    features = random.normal(5, 1, (len(pictures), n_features)).astype(np.float32)
    for number, picture in enumerate(pictures):
        features[number, labels.index(picture.label)] += 4
    return features
