"""List the classes of a dataset folder, and the files in them."""

from __future__ import annotations

import os
from pathlib import Path

from cluster_core.data.labels import find_label_problem
from cluster_core.errors import DatasetError

# Created by the system, not by the user, so not worth a message.
_SYSTEM_FILES = frozenset({"thumbs.db", "desktop.ini"})


def list_class_folders(image_dir: Path) -> tuple[str, ...]:
    """Return the names of the class folders, sorted, including names that are not valid labels.

    Raises
    ------
    DatasetError
        The folder does not exist, or cannot be opened.
    """
    try:
        folders = [path.name for path in image_dir.iterdir() if path.is_dir()]
    except FileNotFoundError as error:
        raise DatasetError(
            f"There is no folder {image_dir}: choose a folder with one sub-folder of pictures per "
            "class.",
            path=image_dir,
        ) from error
    except OSError as error:
        raise DatasetError(
            f"The folder {image_dir} could not be opened ({error.strerror}): choose a folder with "
            "one sub-folder of pictures per class.",
            path=image_dir,
        ) from error
    return tuple(sorted(name for name in folders if not name.startswith(".")))


def list_labels(image_dir: Path) -> tuple[str, ...]:
    """Return the names of the classes, sorted.

    Raises
    ------
    DatasetError
        The folder does not exist or cannot be opened, or the name of a class is
        not one line of text.
    """
    labels = list_class_folders(image_dir)
    for label in labels:
        problem = find_label_problem(label)
        if problem:
            raise DatasetError(
                f"The name of the class folder {label!r} in {image_dir} contains {problem}: rename "
                "it, because labels are stored as lines of text.",
                path=image_dir,
                label=label,
            )
    return labels


def list_files(class_dir: Path) -> list[Path]:
    """Return the content of a class folder, sorted, without hidden and system files.

    Raises
    ------
    DatasetError
        The folder cannot be opened.
    """
    try:
        # Windows sorts paths without regard to capital letters.
        names = sorted(os.listdir(class_dir), key=os.path.normcase)  # noqa: PTH208 (faster)
    except OSError as error:
        raise DatasetError(
            f"The class folder {class_dir} could not be opened ({error.strerror}): change its "
            "permissions, or move it elsewhere.",
            path=class_dir,
            label=class_dir.name,
        ) from error
    return [class_dir / name for name in names if not is_system_file(name)]


def is_system_file(name: str) -> bool:
    """Tell whether a file is hidden, or was created by the system."""
    return name.startswith(".") or name.lower() in _SYSTEM_FILES
