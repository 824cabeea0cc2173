"""Example pictures for a published model: rendered ones, and candidates from its dataset."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, zip_longest
from pathlib import Path

from PIL import Image

from cluster_core.data.catalog import list_datasets
from cluster_core.images import IMAGE_SUFFIXES
from cluster_core.model.prediction.words import find_kind
from cluster_core.sky import render_example
from cluster_core.workspace import DATASET_SUFFIX, Workspace

N_PER_KIND = 3
_MAX_KINDS = 4
_SIDE_PX = 400
_SEED = 12  # it and the next ones look good


def list_kinds(labels: Sequence[str]) -> tuple[str, ...]:
    """Return the classes that the simulated sky has, such as `open clusters`; often none."""
    return tuple(dict.fromkeys(filter(None, map(find_kind, labels))))[:_MAX_KINDS]


def render_examples(kinds: Sequence[str], folder: Path) -> tuple[Path, ...]:
    """Render example pictures.

    Parameters
    ----------
    kinds : sequence of str
        What they show, as `list_kinds` returns it.
    folder : Path
        Existing folder to write to.

    Returns
    -------
    tuple of Path
        PNG files, `N_PER_KIND` of each kind.

    Raises
    ------
    OSError
        The folder cannot be written.
    """
    paths = []
    for number in range(N_PER_KIND):
        for kind in kinds:
            paths.append(folder / f"{kind} {number + 1}.png")
            sky = render_example(kind, _SEED + number, _SIDE_PX)
            Image.fromarray(sky.pixels).save(paths[-1])
    return tuple(paths)


def list_candidates(workspace: Workspace, dataset: str, labels: Sequence[str]) -> tuple[Path, ...]:
    """Return the pictures of a model's dataset, one class after the other in turn.

    Parameters
    ----------
    workspace : Workspace
    dataset : str
        Name of the dataset's folder according to the model, which may come from elsewhere.
    labels : sequence of str
        The classes of the model.

    Returns
    -------
    tuple of Path
        Empty if the dataset is not in the workspace.

    Raises
    ------
    DatasetError
        The workspace cannot be opened.
    """
    name = dataset.removesuffix(DATASET_SUFFIX)
    if name not in list_datasets(workspace):
        return ()
    folders = [
        folder
        for folder in sorted((workspace.root / f"{name}{DATASET_SUFFIX}").iterdir())
        if folder.name in labels and folder.is_dir() and not folder.is_symlink()
    ]
    pictures = [
        sorted(p for p in folder.iterdir() if p.suffix.lower() in IMAGE_SUFFIXES and p.is_file())
        for folder in folders
    ]
    in_turn = chain.from_iterable(zip_longest(*pictures))
    return tuple(path for path in in_turn if path and not path.name.startswith("."))
