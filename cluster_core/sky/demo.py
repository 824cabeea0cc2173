"""A labelled dataset of simulated sky, rendered on the spot."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from cluster_core.access import Action, require
from cluster_core.errors import ConfigError, DatasetError
from cluster_core.sky.kinds import DEMO_CLASSES
from cluster_core.sky.render import render_picture
from cluster_core.storage.safe_moves import explaining_disk_errors
from cluster_core.workspace import replacing

MAX_PER_CLASS = 5000
SIZE_PX = 256
JPEG_QUALITY = 92

Progress = Callable[[int, int], None]


def render_demo_dataset(
    output: Path,
    labels: Sequence[str],
    per_class: int,
    seed: int,
    on_progress: Progress | None = None,
    *,
    force: bool = False,
    resume: bool = False,
) -> list[Path]:
    """Render a folder of class folders.

    Parameters
    ----------
    output : Path
        The dataset's folder. It is made if need be.
    labels : sequence of str
        Classes, keys of `DEMO_CLASSES`.
    per_class : int
        Pictures of each, 1 to 5,000.
    seed : int
        The same seed renders the same pictures, whatever other classes are asked for.
    on_progress : callable, optional
        Called with the pictures done and the pictures in all.
    force : bool
        Render into a folder that holds files already; of these only those of the same
        name are replaced.
    resume : bool
        Go on with a rendering that was interrupted: pictures that are there stay.

    Returns
    -------
    list of Path
        The files, in order.

    Raises
    ------
    ConfigError
        If a class is unknown, or a count out of range.
    DatasetError
        If the folder holds files already, is a file, or cannot be written.
    AccessError
        If this server does not allow it.
    """
    require(Action.EDIT_DATASETS)
    wanted = list(dict.fromkeys(labels))
    _check_request(wanted, per_class, seed)
    _check_folder(output, force=force or resume)
    paths = []
    for label in wanted:
        for number in range(per_class):
            path = _name_file(output, label, number)
            if not (resume and path.exists()):
                _render_file(path, label, number, seed)
            paths.append(path)
            if on_progress is not None:
                on_progress(len(paths), per_class * len(wanted))
    return paths


def _name_file(output: Path, label: str, number: int) -> Path:
    return output / label / f"{label.replace(' ', '_')}_{number + 1:04d}.jpg"


def _render_file(path: Path, label: str, number: int, seed: int) -> None:
    place = list(DEMO_CLASSES).index(label)
    rng = np.random.default_rng([seed, place, number])
    picture = render_picture(rng, str(rng.choice(DEMO_CLASSES[label])), SIZE_PX, SIZE_PX)
    what = f"{path.name} could not be written"
    with explaining_disk_errors(what, path), replacing(path) as draft:
        Image.fromarray(picture.pixels).save(draft, "JPEG", quality=JPEG_QUALITY)


def _check_request(labels: list[str], per_class: int, seed: int) -> None:
    allowed = ", ".join(DEMO_CLASSES)
    unknown = [label for label in labels if label not in DEMO_CLASSES]
    if unknown or not labels:
        received = unknown[0] if unknown else "none"
        raise ConfigError(
            f"Expected classes out of: {allowed}. Received: {received}.",
            field="classes",
            received=received,
            allowed=allowed,
        )
    if not 1 <= per_class <= MAX_PER_CLASS:
        raise ConfigError(
            f"Expected 1 to {MAX_PER_CLASS} pictures a class. Received: {per_class}.",
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


def _check_folder(output: Path, *, force: bool) -> None:
    if output.exists() and not output.is_dir():
        raise DatasetError(f"{output} is a file: give a folder for the dataset.", path=output)
    if not force and output.is_dir() and any(output.iterdir()):
        raise DatasetError(
            f"{output} holds files already: give an empty folder, or --force to add to this one.",
            path=output,
        )
