"""Datasets as .zip files: one folder a class."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from cluster_core.data.dataset import Progress, RejectedFile
from cluster_core.workspace import Workspace


@dataclass(frozen=True)
class ImportReport:
    """What an archive brought.

    Attributes
    ----------
    added : mapping of str to int
        New pictures of each class; also classes that are new and empty.
    rejected : tuple of RejectedFile
        Entries that were left out, and why.
    """

    added: Mapping[str, int]
    rejected: tuple[RejectedFile, ...]


def import_archive(
    workspace: Workspace, image_dir: Path, file: BinaryIO, on_progress: Progress | None = None
) -> ImportReport:
    """Add the pictures of a .zip of class folders to a dataset.

    Parameters
    ----------
    workspace : Workspace
        Where the dataset is.
    image_dir : Path
        The dataset; made when missing.
    file : binary file
        The archive, open for reading and seeking.
    on_progress : callable, optional
        Told (entries unpacked, entries in all) after each entry. It may raise to stop;
        then nothing was added.

    Raises
    ------
    DatasetError
        It is no .zip, an entry of it is not what may be unpacked (the message names
        it), or the disk is full. Nothing was added.
    AccessError
        This server does not allow it.
    """
    raise NotImplementedError


def write_archive(image_dir: Path, target: BinaryIO, on_progress: Progress | None = None) -> int:
    """Write all pictures of a dataset to a .zip file, one folder a class.

    Parameters
    ----------
    image_dir : Path
        The dataset.
    target : binary file
        Open for writing; need not seek.
    on_progress : callable, optional
        Told (pictures written, pictures in all) after each picture. It may raise to stop.

    Returns
    -------
    int
        How many pictures it holds.

    Raises
    ------
    DatasetError
        The dataset cannot be read, or the archive cannot be written.
    """
    raise NotImplementedError
