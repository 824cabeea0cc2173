"""Pictures for the browser tests: simulated clusters, and coloured blobs with one wrong label."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
from PIL import Image

from cluster_core.data.subjects import compute_split_position
from cluster_core.sky import render_picture
from tests.samples import draw_blob

KINDS = ("globular_resolved", "open_rich")


def render_files(folder: Path, n_files: int) -> list[Path]:
    """Render globular and open clusters alternately."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for number in range(n_files):
        kind = KINDS[number % len(KINDS)]
        picture = render_picture(np.random.default_rng(number), kind, 160, 160, degraded=False)
        paths.append(folder / f"{kind} {number:03d}.jpg")
        Image.fromarray(picture.pixels).save(paths[-1], quality=90)
    return paths


def write_zip(path: Path, colours: dict[str, tuple[int, int, int]], n_each: int) -> Path:
    """Write one folder per class, and put one test picture of the second class in the first."""
    labels = list(colours)
    with zipfile.ZipFile(path, "w") as archive:
        for number, (label, colour) in enumerate(colours.items()):
            for picture in range(n_each):
                name = f"field {1000 * number + picture}.png"
                image = Image.fromarray(draw_blob(1000 * number + picture, colour))
                with archive.open(f"{label}/{name}", "w") as file:
                    image.save(file, "PNG")
        wrong = next(seed for seed in range(9000, 9999) if is_test_picture(f"field {seed}.png"))
        image = Image.fromarray(draw_blob(wrong, colours[labels[1]]))
        with archive.open(f"{labels[0]}/field {wrong}.png", "w") as file:
            image.save(file, "PNG")
    return path


def is_test_picture(name: str) -> bool:
    """Return whether a picture of this name is a test picture with the default percentages."""
    return 10 <= compute_split_position(name) < 20
