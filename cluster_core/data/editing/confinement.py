"""Paths that visitors name stay in the workspace and its datasets, and follow no links."""

from __future__ import annotations

import os
from pathlib import Path

from cluster_core.data.labels import shorten
from cluster_core.errors import DatasetError
from cluster_core.workspace import DATASET_SUFFIX, Workspace


def check_dataset_dir(workspace: Workspace, image_dir: Path) -> None:
    """Raise DatasetError unless a folder is, or could be, a dataset of the workspace."""
    root = os.path.abspath(workspace.root)  # noqa: PTH100  resolve() would follow links
    folder = Path(os.path.abspath(image_dir))  # noqa: PTH100
    if (
        ".." in image_dir.parts
        or folder.parent != Path(root)
        or not folder.name.endswith(DATASET_SUFFIX)
    ):
        raise DatasetError(
            f"{image_dir} is no dataset of {workspace.root}: choose one on the Dataset page.",
            path=image_dir,
        )
    refuse_link(image_dir)


def find_class_dir(image_dir: Path, label: str) -> Path:
    """Return the folder of a class that there is.

    Raises
    ------
    DatasetError
        There is none, or it is a link to elsewhere.
    """
    folder = image_dir / label
    is_plain = label and Path(label).name == label and not label.startswith(".")
    if not is_plain or not folder.is_dir():
        raise DatasetError(
            f"There is no class {shorten(label)} in {image_dir.name} any more: reload the page "
            "to see which there are.",
            path=image_dir,
            label=label,
        )
    refuse_link(image_dir)
    refuse_link(folder)
    return folder


def refuse_link(folder: Path) -> None:
    """Raise DatasetError if a folder is a link to elsewhere."""
    if folder.is_symlink():
        raise DatasetError(
            f"{folder} is a link to another folder: copy the pictures themselves into the "
            "dataset, and remove the link.",
            path=folder,
        )


def require_in_class(image_dir: Path, path: Path) -> None:
    """Raise DatasetError unless a path is `image_dir/<class>/<name>`, without links on the way."""
    absolute = Path(os.path.abspath(path))  # noqa: PTH100  resolve() would follow links
    is_inside = absolute.parent.parent == Path(os.path.abspath(image_dir))  # noqa: PTH100
    if ".." in path.parts or "\0" in str(path) or not is_inside:
        raise describe_misplaced(image_dir, path)
    refuse_link(path.parent)


def describe_misplaced(image_dir: Path, path: Path) -> DatasetError:
    """Return what to raise for a path that is not that of a picture in a class."""
    return DatasetError(
        f"{path.name} is not a picture in a class of {image_dir.name}: reload the page and "
        "choose it again.",
        path=image_dir,
    )
