"""Sample pictures and datasets for tests, and the location of real ones."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from cluster_core.access import Access
from cluster_core.data.index import DatasetIndex, Picture

OWNER = Access.owner()
VISITOR = Access.visitor()
REPOSITORY = Path(__file__).parents[1]
# Third-party pictures and pretrained weights, which are never part of the repository.
SHARED = REPOSITORY.parent / "shared"
needs_shared = pytest.mark.skipif(not SHARED.exists(), reason=f"there is no {SHARED}")
not_as_root = pytest.mark.skipif(
    hasattr(os, "geteuid") and os.geteuid() == 0, reason="root ignores file permissions"
)

COLOURS = {"blue stars": (60, 90, 250), "red stars": (250, 80, 60)}


def draw_blob(seed: int, colour: tuple[int, int, int] = (255, 255, 255), size_px: int = 48):
    """Draw a bright blob of one colour among stars that are unique to the seed.

    Returns
    -------
    ndarray of uint8, (size_px, size_px, 3)
    """
    random = np.random.default_rng(seed)
    y, x = np.mgrid[:size_px, :size_px] / size_px - 0.5
    blob = np.exp(-(x**2 + y**2) * 12)
    brightness = 0.6 * blob + 0.8 * (random.random((size_px, size_px)) > 0.9)
    noise = random.normal(0, 6, (size_px, size_px, 3))
    return np.clip(brightness[..., np.newaxis] * colour + noise, 0, 255).astype(np.uint8)


def save_picture(path: Path, pixels: np.ndarray, **options: Any) -> Path:
    """Save pixels, shape (height, width, 3), in a folder that is created if missing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path, **options)
    return path


def cut_off(path: Path) -> Path:
    """Write a JPEG that lacks its last tenth, as an interrupted transfer leaves it."""
    save_picture(path, draw_blob(3, size_px=100), quality=95)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(0.9 * len(whole))])
    return path


def write_photos(folder: Path, n_each: int, colours=COLOURS, first_seed: int = 0) -> Path:
    """Write a dataset with `n_each` pictures per class, which even a tiny network can learn."""
    for number, (label, colour) in enumerate(colours.items()):
        for picture in range(n_each):
            seed = first_seed + 10_000 * number + picture
            save_picture(folder / label / f"field {seed}.png", draw_blob(seed, colour))
    return folder


def make_index(names: dict[str, list[str]], fingerprints=None) -> DatasetIndex:
    """Make an index of pictures that exist only by name, without copies by default."""
    no_structure = bytes(32 * 32)
    pictures = tuple(
        Picture(
            Path("photos", label, name),
            label,
            f"{label}/{name}",
            8,
            8,
            (fingerprints or {}).get(name, no_structure),
        )
        for label in sorted(names)
        for name in sorted(names[label])
    )
    return DatasetIndex(Path("photos"), tuple(sorted(names)), pictures, ())


def make_slow_command(end: Path) -> list[str]:
    """Return a command that creates a file after three seconds."""
    code = "import pathlib, sys, time; time.sleep(3); pathlib.Path(sys.argv[1]).touch()"
    return [sys.executable, "-c", code, str(end)]


def run_python(*arguments: str, env=None, cwd=REPOSITORY, **options) -> subprocess.CompletedProcess:
    """Run the interpreter in a separate process, as a user would."""
    # Set for the process of the tests only; without it, TensorFlow logs as it does for users.
    environment = {key: value for key, value in os.environ.items() if key != "TF_CPP_MIN_LOG_LEVEL"}
    return subprocess.run(
        [sys.executable, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        cwd=cwd,
        env=environment | (env or {}),
        **options,
    )


def run_async(function: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run a coroutine function in a thread: Playwright keeps an event loop in the main one."""
    with ThreadPoolExecutor(1) as executor:
        executor.submit(lambda: asyncio.run(function())).result()
