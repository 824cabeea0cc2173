"""Keep the paths that visitors name inside the datasets of the workspace, and refuse links."""

from __future__ import annotations

import os
from pathlib import Path

from cluster_core.data.labels import shorten
from cluster_core.errors import DatasetError
from cluster_core.workspace import DATASET_SUFFIX, Workspace


def check_dataset_dir(workspace: Workspace, image_dir: Path) -> None:
    """Check that a folder is, or could become, a dataset of the workspace.

    Raises
    ------
    DatasetError
        It is not, or it is a link.
    """
    root = os.path.abspath(workspace.root)  # noqa: PTH100  resolve() would follow links
    folder = Path(os.path.abspath(image_dir))  # noqa: PTH100
    if (
        ".." in image_dir.parts
        or folder.parent != Path(root)
        or not folder.name.endswith(DATASET_SUFFIX)
    ):
        raise DatasetError(
            f"{image_dir} is not a dataset in {workspace.root}: choose one on the Dataset page.",
            path=image_dir,
        )
    refuse_link(image_dir)


def find_class_dir(image_dir: Path, label: str) -> Path:
    """Return the folder of an existing class.

    Raises
    ------
    DatasetError
        There is no such class, or it or the dataset is a link.
    """
    folder = image_dir / label
    is_plain = label and Path(label).name == label and not label.startswith(".")
    if not is_plain or not folder.is_dir():
        raise DatasetError(
            f"There is no class {shorten(label)} in {image_dir.name}; it may have been renamed or "
            "deleted. Reload the page.",
            path=image_dir,
            label=label,
        )
    refuse_link(image_dir)
    refuse_link(folder)
    return folder


def refuse_link(folder: Path) -> None:
    """Check that a folder is not a link.

    Raises
    ------
    DatasetError
        It is a link.
    """
    if folder.is_symlink():
        raise DatasetError(
            f"{folder} is a link to another folder: remove the link, and copy the pictures into "
            "the dataset instead.",
            path=folder,
        )


def require_in_class(image_dir: Path, path: Path) -> None:
    """Check that a path is `image_dir/<class>/<name>`, and that the class is not a link.

    Raises
    ------
    DatasetError
        The path is outside the classes of the dataset, or the class is a link.
    """
    absolute = Path(os.path.abspath(path))  # noqa: PTH100  resolve() would follow links
    is_inside = absolute.parent.parent == Path(os.path.abspath(image_dir))  # noqa: PTH100
    if ".." in path.parts or "\0" in str(path) or not is_inside:
        raise make_misplaced_error(image_dir, path)
    refuse_link(path.parent)


def make_misplaced_error(image_dir: Path, path: Path) -> DatasetError:
    """Return the error for a path that is not a picture in a class of the dataset."""
    return DatasetError(
        f"{path.name} is not a picture in a class of {image_dir.name}: reload the page and "
        "choose it again.",
        path=image_dir,
    )
