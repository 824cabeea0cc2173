"""Find the files to sort, and check that none is taken from the folder that is sorted into."""

from __future__ import annotations

import functools
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from cluster_core.errors import SortingError
from cluster_core.sorting.records import Transfer
from cluster_core.sources.folders import iterate_folder
from cluster_core.workspace import Workspace


def find_files(
    paths: Sequence[Path],
    on_other: Callable[[str], None] = lambda name: None,
    on_refused: Callable[[str], None] = lambda name: None,
) -> Iterator[Path]:
    """Yield the files to sort: those named, and the pictures in folders and their sub-folders.

    Links to folders are not followed, so that links in circles end.

    Parameters
    ----------
    paths : sequence of Path
        Files and folders.
    on_other : callable, optional
        Called with the name of each file of a folder that does not have the ending of a picture.
    on_refused : callable, optional
        Called with a folder that cannot be opened.

    Yields
    ------
    Path
        Absolute, and each only once, even if a folder is named in two ways.
    """
    resolve = functools.cache(os.path.realpath)
    found: set[tuple[str, str]] = set()
    for path in paths:
        for file in _iterate(_make_absolute(path), on_other, on_refused):
            key = (str(resolve(file.parent)), file.name)
            if key not in found:
                found.add(key)
                yield file


def _make_absolute(path: Path) -> Path:
    """Return a path without `..`, so that the log knows a file by one path."""
    if ".." not in path.parts:
        return path.absolute()
    if os.path.isdir(path):  # noqa: PTH112 (False, not an error, for a link to itself)
        return Path(os.path.realpath(path))
    return Path(os.path.realpath(path.parent), path.name)


def _iterate(
    path: Path, on_other: Callable[[str], None], on_refused: Callable[[str], None]
) -> Iterator[Path]:
    if not os.path.isdir(path):  # noqa: PTH112 (False, not an error, for a link to itself)
        yield path
        return
    for source in iterate_folder(path, on_other):
        if source.path is None:
            on_refused(source.name)
        else:
            yield source.path


def check_sources(paths: Sequence[Path], output: Path) -> None:
    """Check that the sources exist, and that the output folder is apart from them.

    Raises
    ------
    SortingError
        There is no such file or folder, or a folder is inside the other.
    """
    for path in paths:
        if not os.path.lexists(path):
            raise SortingError(f"There is no file or folder {path}: check the spelling.", path=path)
        if path.is_dir() and output.is_dir() and path.samefile(output):
            raise SortingError(
                f"{output} is the folder of the pictures as well: choose another output folder.",
                path=output,
            )
        if _contains(path, output):
            raise SortingError(
                f"{output} is inside {path}, so that sorted pictures would be sorted again: choose "
                "an output folder elsewhere.",
                path=output,
            )
        if _contains(output, path):
            raise SortingError(
                f"{path} is inside {output}, which is sorted into: choose an output folder "
                "elsewhere.",
                path=output,
            )
    if os.path.lexists(output) and not output.is_dir():
        raise SortingError(f"{output} is not a folder: choose another output folder.", path=output)


def check_workspace(paths: Sequence[Path], output: Path, transfer: Transfer) -> None:
    """Check that a sort takes nothing out of the workspace, and puts nothing into it.

    Raises
    ------
    SortingError
        The output folder is in the workspace, or files are moved from it.
    """
    root = Workspace.default().root
    for path in paths if transfer is Transfer.MOVE else ():
        if _contains(root, path) or _contains(path, root):
            raise SortingError(
                f"{path} cannot be moved, because the files of Cluster Lab itself ({root}) must "
                "stay where they are: copy or link it, or choose other pictures.",
                path=path,
            )
    if _contains(root, output):
        raise SortingError(
            f"{output} is inside {root}, where Cluster Lab keeps its own files: choose an output "
            "folder elsewhere.",
            path=output,
        )


def check_output(output: Path) -> None:
    """Check that a folder can be made, or written to, which leaves nothing behind.

    Raises
    ------
    SortingError
        It cannot.
    """
    try:
        parent = next(one for one in (output, *output.parents) if one.exists())
        tempfile.TemporaryDirectory(dir=parent, prefix=".").cleanup()
    except OSError as error:
        raise SortingError(
            f"{output} cannot be written to ({error.strerror or error}): choose another output "
            "folder.",
            path=output,
        ) from error


def _contains(folder: Path, path: Path) -> bool:
    """Tell whether a path is a folder, or inside of it, also through links."""
    with suppress(OSError):
        if not folder.is_dir():
            return False
        real = Path(os.path.realpath(path))
        return any(one.exists() and one.samefile(folder) for one in (real, *real.parents))
    return False
