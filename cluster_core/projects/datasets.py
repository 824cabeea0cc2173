"""Datasets in a project's file: pictures in class folders, and what people decided about them."""

from __future__ import annotations

import filecmp
from collections.abc import Iterator
from pathlib import Path

from cluster_core.access import Access, Action
from cluster_core.data.catalog import dataset_dir, list_datasets
from cluster_core.data.class_folders import list_files, list_labels
from cluster_core.data.labels import find_folder_name_problem, fold_name
from cluster_core.errors import DatasetError
from cluster_core.images import has_image_suffix
from cluster_core.projects.layout import DATASETS, MARKS
from cluster_core.projects.members import Listing, Member, name_portably
from cluster_core.storage.safe_moves import move_without_overwriting
from cluster_core.workspace import DATASET_SUFFIX, Workspace


def list_dataset(workspace: Workspace, name: str, listing: Listing) -> None:
    """Add what is saved of a dataset to a listing.

    Raises
    ------
    DatasetError
        The dataset cannot be read.
    """
    folder = workspace.root / f"{name}{DATASET_SUFFIX}"
    top = f"{DATASETS}/{name}"
    listing.members.append(Member(f"{top}/"))
    listing.members += [
        Member.of_file(f"{top}/{mark}", folder / mark)
        for mark in sorted(MARKS)
        if _is_plain_file(folder / mark)
    ]
    taken: set[str] = set()
    for label in list_labels(folder):
        problem = find_folder_name_problem(label)
        if fold_name(label) in taken:
            problem = "cannot be told from that of another class on some disks"
        if problem:
            listing.notes.append(
                f"The class {label} of {name} was left out, because its name {problem}: rename it, "
                "then save again."
            )
        elif not (folder / label).is_symlink():
            taken.add(fold_name(label))
            listing.members.append(Member(f"{top}/{label}/"))
            for file_name, path in _list_pictures(folder / label):
                listing.members.append(Member.of_file(f"{top}/{label}/{file_name}", path))
                if file_name != path.name:
                    listing.notes.append(
                        f"{label}/{path.name!r} of {name} is saved as {file_name}, because not "
                        "every disk can store its name."
                    )


def find_same_dataset(workspace: Workspace, staged: Path, name: str) -> str | None:
    """Return a dataset of this name, or of this name and a number, with the same content.

    Parameters
    ----------
    workspace : Workspace
    staged : Path
        An unpacked dataset.
    name : str
        Its name.
    """
    wanted = fold_name(name)
    for other in list_datasets(workspace):
        folded = fold_name(other)
        if folded == wanted or (folded.startswith(f"{wanted} (") and folded.endswith(")")):
            folder = workspace.root / f"{other}{DATASET_SUFFIX}"
            if _has_same_content(staged, folder):
                return other
    return None


def add_dataset(access: Access, workspace: Workspace, staged: Path, name: str) -> Path:
    """Move an unpacked dataset into the workspace, under a numbered name if its own is taken.

    Raises
    ------
    DatasetError
        Its name is not one of a dataset.
    OSError
        It cannot be moved.
    AccessError
        They may not change datasets.
    """
    access.require(Action.EDIT_DATASETS)
    taken = set(map(fold_name, list_datasets(workspace)))
    number, free = 1, name
    while fold_name(free) in taken:
        number += 1
        free = f"{name} ({number})"
    return move_without_overwriting(staged, dataset_dir(workspace, free))


def _list_pictures(class_dir: Path) -> Iterator[tuple[str, Path]]:
    files = list_files(class_dir)
    return name_portably(
        [path for path in files if has_image_suffix(path) and _is_plain_file(path)]
    )


def _is_plain_file(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()


def _has_same_content(one: Path, other: Path) -> bool:
    try:
        files, others = _list_content(one), _list_content(other)
        return files.keys() == others.keys() and all(
            _is_same(path, others[name]) for name, path in files.items()
        )
    except (OSError, DatasetError):
        return False


def _is_same(one: Path | None, other: Path | None) -> bool:
    if one is None or other is None:
        return one is other
    return filecmp.cmp(one, other, shallow=False)


def _list_content(folder: Path) -> dict[str, Path | None]:
    """Return the marks, classes and pictures of a dataset by name; a class has no path."""
    found: dict[str, Path | None] = {
        mark: folder / mark for mark in MARKS if _is_plain_file(folder / mark)
    }
    for label in list_labels(folder):
        found[f"{label}/"] = None
        found |= {f"{label}/{name}": path for name, path in _list_pictures(folder / label)}
    return found
