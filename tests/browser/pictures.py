"""Pictures for the browser tests: simulated clusters, and coloured blobs with one wrong label."""

from __future__ import annotations

import hashlib
import io
import zipfile
from pathlib import Path

import numpy as np
from PIL import Image

from cluster_core.data.subjects import compute_position
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


def render_galaxy(path: Path) -> Path:
    """Render a spiral galaxy."""
    picture = render_picture(np.random.default_rng(6), "galaxy_spiral", 240, 240, degraded=False)
    Image.fromarray(picture.pixels).save(path, quality=95)
    return path


def write_zip(path: Path, colours: dict[str, tuple[int, int, int]], n_each: int) -> Path:
    """Write one folder per class, and put one test picture of the second class in the first."""
    files = {
        label: [draw_file(1000 * number + picture, colour) for picture in range(n_each)]
        for number, (label, colour) in enumerate(colours.items())
    }
    first, second = list(colours)[:2]
    wrong = (draw_file(seed, colours[second]) for seed in range(9000, 9999))
    files[first].append(next(file for file in wrong if is_test_picture(file, files[first])))
    with zipfile.ZipFile(path, "w") as archive:
        for label, members in files.items():
            for name, content in members:
                archive.writestr(f"{label}/{name}", content)
    return path


def draw_file(seed: int, colour: tuple[int, int, int]) -> tuple[str, bytes]:
    """Return the name and content of a picture file."""
    target = io.BytesIO()
    Image.fromarray(draw_blob(seed, colour)).save(target, "PNG")
    return f"field {seed}.png", target.getvalue()


def is_test_picture(file: tuple[str, bytes], others: list[tuple[str, bytes]]) -> bool:
    """Return whether a picture is the second of 41 of its class; the first four are tested."""
    positions = [compute_position(hashlib.sha256(content).hexdigest()) for _, content in others]
    own = compute_position(hashlib.sha256(file[1]).hexdigest())
    return sum(position < own for position in positions) == 1
