"""Render a labelled dataset of simulated sky pictures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from cluster_core.errors import ConfigError, DatasetError
from cluster_core.sky.kinds import DEMO_CLASSES
from cluster_core.sky.render import render_picture
from cluster_core.storage.drafts import replacing
from cluster_core.storage.safe_moves import explaining_disk_errors

MAX_PER_CLASS = 5000
SIZE_PX = 256
JPEG_QUALITY = 92

Progress = Callable[[int, int], None]


def render_demo_dataset(  # noqa: PLR0913 (each is an option of `demo-data`)
    output: Path,
    labels: Sequence[str],
    per_class: int,
    seed: int,
    on_progress: Progress | None = None,
    *,
    force: bool = False,
    resume: bool = False,
) -> list[Path]:
    """Render a dataset: a folder with a sub-folder of JPEG pictures for each class.

    Parameters
    ----------
    output : Path
        The dataset's folder, which is created if it does not exist.
    labels : sequence of str
        Classes, keys of `DEMO_CLASSES`; duplicates are ignored.
    per_class : int
        Number of pictures of each class, 1 to 5,000.
    seed : int
        Zero or more. The same seed renders the same pictures of a class, whatever other
        classes are rendered.
    on_progress : callable, optional
        Called after each picture with the number of pictures done and the total.
    force : bool
        Allow a folder that already contains files. Files of the same name are replaced, all
        others are kept.
    resume : bool
        Continue an interrupted rendering: existing pictures are kept.

    Returns
    -------
    list of Path
        The pictures, class by class in the order of `labels`.

    Raises
    ------
    ConfigError
        If there is no class, a class is unknown, or a number is out of range.
    DatasetError
        If the folder already contains files (and neither `force` nor `resume` is set), is a
        file, or cannot be written to.
    """
    unique_labels = list(dict.fromkeys(labels))
    _check_request(unique_labels, per_class, seed)
    _check_folder(output, allow_files=force or resume)
    paths = []
    for label in unique_labels:
        for number in range(per_class):
            path = _name_file(output, label, number)
            if not (resume and path.exists()):
                _render_file(path, label, number, seed)
            paths.append(path)
            if on_progress is not None:
                on_progress(len(paths), per_class * len(unique_labels))
    return paths


def count_missing(output: Path, labels: Sequence[str], per_class: int) -> int:
    """Return how many pictures `render_demo_dataset` would add if it resumes."""
    files = (_name_file(output, label, n) for label in set(labels) for n in range(per_class))
    return sum(not file.exists() for file in files)


def _name_file(output: Path, label: str, number: int) -> Path:
    return output / label / f"{label.replace(' ', '_')}_{number + 1:04d}.jpg"


def _render_file(path: Path, label: str, number: int, seed: int) -> None:
    class_number = list(DEMO_CLASSES).index(label)
    rng = np.random.default_rng([seed, class_number, number])
    picture = render_picture(rng, str(rng.choice(DEMO_CLASSES[label])), SIZE_PX, SIZE_PX)
    problem = f"{path.name} could not be written"
    with explaining_disk_errors(problem, path), replacing(path) as draft:
        Image.fromarray(picture.pixels).save(draft, "JPEG", quality=JPEG_QUALITY)


def _check_request(labels: list[str], per_class: int, seed: int) -> None:
    allowed = ", ".join(DEMO_CLASSES)
    unknown = [label for label in labels if label not in DEMO_CLASSES]
    if unknown or not labels:
        received = unknown[0] if unknown else "none"
        raise ConfigError(
            f"Expected one or more of these classes: {allowed}. Received: {received}.",
            field="classes",
            received=received,
            allowed=allowed,
        )
    if not 1 <= per_class <= MAX_PER_CLASS:
        raise ConfigError(
            f"Expected 1 to {MAX_PER_CLASS} pictures per class. Received: {per_class}.",
            field="per_class",
            received=per_class,
            allowed=f"1 to {MAX_PER_CLASS}",
        )
    if seed < 0:
        raise ConfigError(
            f"Expected a seed of 0 or more. Received: {seed}.",
            field="seed",
            received=seed,
            allowed="0 or more",
        )


def _check_folder(output: Path, *, allow_files: bool) -> None:
    if output.exists() and not output.is_dir():
        raise DatasetError(f"{output} is a file: choose a folder for the dataset.", path=output)
    if not allow_files and output.is_dir() and any(output.iterdir()):
        raise DatasetError(
            f"{output} already contains files: choose an empty folder, or use --force to add more.",
            path=output,
        )
