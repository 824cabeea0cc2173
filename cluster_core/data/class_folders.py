"""A folder of class folders: what the classes are called, and which files lie in them."""

from __future__ import annotations

from pathlib import Path

from cluster_core.data.labels import find_label_problem
from cluster_core.errors import DatasetError

# Left by the system, not by the user: nobody wants to read that these are no pictures.
_SYSTEM_FILES = frozenset({"thumbs.db", "desktop.ini"})


def list_class_folders(image_dir: Path) -> tuple[str, ...]:
    """Return the names of the class folders, sorted, also such as cannot be labels.

    Raises
    ------
    DatasetError
        There is no such folder, or it cannot be listed.
    """
    try:
        folders = [path.name for path in image_dir.iterdir() if path.is_dir()]
    except FileNotFoundError as error:
        raise DatasetError(
            f"There is no folder {image_dir}: give one that holds a sub-folder of pictures for "
            "each class.",
            path=image_dir,
        ) from error
    except OSError as error:
        raise DatasetError(
            f"The folder {image_dir} could not be opened ({error.strerror}): give a folder that "
            "holds a sub-folder of pictures for each class.",
            path=image_dir,
        ) from error
    return tuple(sorted(name for name in folders if not name.startswith(".")))


def list_labels(image_dir: Path) -> tuple[str, ...]:
    """Return the names of the classes, sorted.

    Raises
    ------
    DatasetError
        As for `list_class_folders`, or a name cannot be written as one line of text.
    """
    labels = list_class_folders(image_dir)
    for label in labels:
        problem = find_label_problem(label)
        if problem:
            raise DatasetError(
                f"The class folder {label!r} in {image_dir} has {problem} in its name: rename "
                "it, because labels are stored as text, one a line.",
                path=image_dir,
                label=label,
            )
    return labels


def list_files(class_dir: Path) -> list[Path]:
    """Return what lies in a class folder, sorted, without hidden files and those of the system.

    Raises
    ------
    DatasetError
        It cannot be listed.
    """
    try:
        entries = sorted(class_dir.iterdir())
    except OSError as error:
        raise DatasetError(
            f"The class folder {class_dir} could not be opened ({error.strerror}): allow reading "
            "it, or move it elsewhere.",
            path=class_dir,
            label=class_dir.name,
        ) from error
    return [path for path in entries if not is_system_file(path.name)]


def is_system_file(name: str) -> bool:
    """Tell whether a file is hidden, or of the system and not of the user."""
    return name.startswith(".") or name.lower() in _SYSTEM_FILES
