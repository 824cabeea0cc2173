"""Choose pictures on which an exported file must answer as the model does."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from cluster_core.data.catalog import list_datasets
from cluster_core.data.class_folders import list_files
from cluster_core.errors import ClusterError
from cluster_core.images import read_bytes
from cluster_core.model.bundle.bundle import ModelBundle
from cluster_core.sky import DEMO_CLASSES, render_picture
from cluster_core.workspace import DATASET_SUFFIX, Workspace

# Sizes of simulated pictures, (height, width): shrunk a little, much, unevenly, and enlarged.
_SIZES_PX = ((256, 256), (200, 300), (600, 420), (90, 120), (700, 900))
_RENDERED_PX = 256
# Fewer own pictures say too little of what a model sees.
_MIN_OWN = 20


@dataclass(frozen=True)
class CheckPicture:
    """A picture to compare answers on.

    Attributes
    ----------
    pixels : ndarray of uint8, (height, width, 3)
        RGB.
    label : str
        Its class; empty if it is not known to be one of the model's.
    """

    pixels: np.ndarray
    label: str


def choose_pictures(bundle: ModelBundle, workspace: Workspace, count: int) -> list[CheckPicture]:
    """Return pictures of the model's own dataset, and simulated ones if these are too few.

    Parameters
    ----------
    bundle : ModelBundle
        The model.
    workspace : Workspace
        Its datasets are searched for the one that the model learned from.
    count : int
        Number of pictures.

    Returns
    -------
    list of CheckPicture
        The classes take turns.
    """
    found = list(itertools.islice(_read_dataset(bundle, workspace), count))
    return found + render_pictures(bundle, count - len(found))


def choose_two_sets(
    bundle: ModelBundle, workspace: Workspace, count: int
) -> tuple[list[CheckPicture], list[CheckPicture]]:
    """Return two sets of pictures alike: of the model's own dataset, or all simulated.

    Parameters
    ----------
    bundle, workspace
        As for `choose_pictures`.
    count : int
        Number of pictures of a set; a small dataset has fewer.
    """
    found = list(itertools.islice(_read_dataset(bundle, workspace), 2 * count))
    if len(found) < _MIN_OWN:
        found = render_pictures(bundle, 2 * count)
    order = np.random.default_rng(0).permutation(len(found))
    return [found[number] for number in order[::2]], [found[number] for number in order[1::2]]


def render_pictures(bundle: ModelBundle, count: int) -> list[CheckPicture]:
    """Return simulated pictures of many sizes: of the model's classes, or of any."""
    return list(itertools.islice(_render(bundle), max(count, 0)))


def is_about_clusters(bundle: ModelBundle) -> bool:
    """Tell whether simulated pictures show a class of a model."""
    return any(label in DEMO_CLASSES for label in bundle.labels)


def _read_dataset(bundle: ModelBundle, workspace: Workspace) -> Iterator[CheckPicture]:
    name = bundle.dataset.get("image_dir")
    # The name comes from a file that may be a stranger's, so it is only compared.
    if not isinstance(name, str) or name.removesuffix(DATASET_SUFFIX) not in list_datasets(
        workspace
    ):
        return
    by_class = [
        [(label, path) for path in list_files(workspace.root / name / label)]
        for label in bundle.labels
        if (workspace.root / name / label).is_dir()
    ]
    for label, path in filter(None, itertools.chain(*itertools.zip_longest(*by_class))):
        pixels = _decode(bundle, path)
        if pixels is not None:
            yield CheckPicture(pixels, label)


def _decode(bundle: ModelBundle, path: Path) -> np.ndarray | None:
    try:
        return bundle.preprocessing.decode_whole(read_bytes(path), path.name)
    except ClusterError:
        return None


def _render(bundle: ModelBundle) -> Iterator[CheckPicture]:
    known = [label for label in bundle.labels if label in DEMO_CLASSES]
    labels = itertools.cycle(known or DEMO_CLASSES)
    for number, label, (height, width) in zip(
        itertools.count(), labels, itertools.cycle(_SIZES_PX), strict=False
    ):
        rng = np.random.default_rng(number)
        kind = str(rng.choice(DEMO_CLASSES[label]))
        picture = Image.fromarray(render_picture(rng, kind, _RENDERED_PX, _RENDERED_PX).pixels)
        resized = picture.resize((width, height), Image.Resampling.BICUBIC)
        yield CheckPicture(np.asarray(resized), label if label in known else "")
