"""The paths in a project's file: which are safe, and which have a place in a workspace."""

from __future__ import annotations

from pathlib import Path

from cluster_core.data.labels import find_folder_name_problem, fold_name, shorten
from cluster_core.errors import ProjectError
from cluster_core.images import DEFAULT_LIMITS, has_image_suffix
from cluster_core.labelling.queue import PICTURES
from cluster_core.labelling.queue_log import LOG
from cluster_core.labelling.queues import QUEUE_ID
from cluster_core.projects.layout import DATASETS, FILE_LIMITS, MARKS, MAX_FILE_BYTES, RUN_FILES
from cluster_core.projects.members import is_portable_name
from cluster_core.projects.published import EXAMPLE
from cluster_core.publishing.aliases import is_alias
from cluster_core.publishing.records import RECORD as PAGE_RECORD
from cluster_core.training.runs.paths import RUN_ID


class Spelling:
    """Refuses paths that some disks cannot tell apart: in capital letters, or in Unicode."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}

    def add(self, parts: list[str]) -> None:
        """Check one path; raise ProjectError if it clashes with another."""
        path = "/".join(parts)
        if fold_name(path) in self._known:
            raise make_error(f"some disks cannot tell its file {shorten(path)} from another")
        for end in range(1, len(parts) + 1):
            upper = "/".join(parts[:end])
            if self._known.setdefault(fold_name(upper), upper) != upper:
                raise make_error(f"some disks cannot tell its folder {shorten(upper)} from another")


def check_names(path: str, parts: list[str]) -> None:
    """Refuse a file whose folders or name some disk cannot store; honest projects have none."""
    *folders, name = parts
    for folder in folders:
        if problem := find_folder_name_problem(folder):
            raise make_error(f"a folder of its file {shorten(path)} has a name that {problem}")
    if name not in MARKS and not is_portable_name(name):
        raise make_error(f"not every disk can store the name of its file {shorten(path)}")


def find_problem(parts: list[str], n_bytes: int) -> str | None:
    """Say why a file is not loaded; None if it has a place in a workspace and a plausible size."""
    match parts:
        case ["datasets", _, name]:
            is_known = name in MARKS
        case ["datasets", _, _, name]:
            is_known = has_image_suffix(Path(name))
        case ["models", name]:
            is_known = name.endswith(".zip")
        case ["runs", run_id, name]:
            is_known = bool(RUN_ID.fullmatch(run_id)) and name in RUN_FILES
        case ["published", alias, name]:
            is_known = is_alias(alias) and (name == PAGE_RECORD or bool(EXAMPLE.fullmatch(name)))
        case ["queues", queue_id, name] if name == LOG:
            is_known = bool(QUEUE_ID.fullmatch(queue_id))
        case ["queues", queue_id, folder, _] if folder == PICTURES:
            is_known = bool(QUEUE_ID.fullmatch(queue_id))
        case _:
            is_known = False
    if not is_known:
        return "is not a kind of file that a project has"
    limit = FILE_LIMITS.get(parts[-1], MAX_FILE_BYTES)
    if is_picture(parts) or PICTURES in parts:
        limit = DEFAULT_LIMITS.max_file_bytes
    return f"is larger than {limit / 1e6:,.0f} MB" if n_bytes > limit else None


def is_picture(parts: list[str]) -> bool:
    """Return whether a path, split at its slashes, is that of a picture in a dataset."""
    return parts[0] == DATASETS and len(parts) == 4  # noqa: PLR2004  datasets/name/class/picture


def is_folder(name: str) -> bool:
    """Return whether a folder of an archive is a dataset or a class, with a name of such."""
    top, *parts = name.rstrip("/").split("/")
    return (
        top == DATASETS and len(parts) in (1, 2) and not any(map(find_folder_name_problem, parts))
    )


def make_error(reason: str) -> ProjectError:
    """Return the error for a project that is refused as a whole."""
    return ProjectError(f"Nothing was loaded, because {reason}.", path=Path())
