"""The layout of a project's file: the folder of each kind of thing, and the record of all files.

The record, with the SHA-256 of each file, comes last: hashes are known once files are written,
so that a project can be saved and downloaded in one pass.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from cluster_core.data.confirmed_labels import CONFIRMED
from cluster_core.data.counter_classes import TICKED
from cluster_core.data.declared_groups import GROUPS_FILE, SAME_OBJECTS
from cluster_core.health.accepted import ACCEPTED
from cluster_core.health.kept import LAST_CHECK
from cluster_core.publishing.records import RECORD as PAGE_RECORD
from cluster_core.storage.saved_values import check_count, check_shown_text, check_text
from cluster_core.training.runs.evaluation_record import EVALUATION
from cluster_core.training.runs.folder import LOG as RUN_LOG
from cluster_core.training.runs.folder import STATUS
from cluster_core.training.runs.records import CHOICE, CONFIG, EVALUATIONS, REVIEWED
from cluster_core.training.runs.results import RESULT

FORMAT, VERSION = "cluster-lab project", 1
RECORD = "project.json"
DATASETS, MODELS, RUNS, QUEUES = "datasets", "models", "runs", "queues"
PUBLISHED = "published"
# What people decided about the pictures of a dataset, and its last check, beside its classes.
MARKS = frozenset({GROUPS_FILE, SAME_OBJECTS, CONFIRMED, TICKED, ACCEPTED, LAST_CHECK})
RUN_FILES = frozenset({CONFIG, STATUS, RESULT, EVALUATIONS, EVALUATION, CHOICE, REVIEWED, RUN_LOG})
MAX_FILES = 200_000
MAX_RECORD_BYTES = 50_000_000
# Of models and logs; the limit for pictures is that of the decoder.
MAX_FILE_BYTES = 1_000_000_000
# Of files that are read whole, as JSON; the program itself writes far smaller ones.
MAX_JSON_BYTES = 50_000_000
MAX_SETTINGS_BYTES = 1_000_000
FILE_LIMITS: Mapping[str, int] = {
    CONFIG: MAX_SETTINGS_BYTES,
    STATUS: MAX_SETTINGS_BYTES,
    PAGE_RECORD: MAX_SETTINGS_BYTES,
    **dict.fromkeys(
        (RESULT, EVALUATIONS, EVALUATION, CHOICE, REVIEWED, *sorted(MARKS)), MAX_JSON_BYTES
    ),
}
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class FileRecord:
    """A file of a project.

    Attributes
    ----------
    path : str
        Its name in the archive.
    n_bytes : int
        Its size.
    sha256 : str
        Hexadecimal hash of its content.
    written_ns : int
        When it was last changed, in nanoseconds since 1970.
    """

    path: str
    n_bytes: int
    sha256: str
    written_ns: int


@dataclass(frozen=True)
class ProjectRecord:
    """What a project's file says about itself.

    Attributes
    ----------
    program : str
        Version of the program that saved it.
    created : str
        When, ISO 8601, UTC.
    default_model, last_dataset : str
        The model that answers when none is named, and the dataset used last; empty if unknown.
    files : tuple of FileRecord
        All files but the record itself.
    """

    program: str
    created: str
    default_model: str
    last_dataset: str
    files: tuple[FileRecord, ...]

    def to_record(self) -> dict[str, Any]:
        """Return the fields as a dict ready for JSON, with format and version."""
        return {"format": FORMAT, "version": VERSION, **asdict(self)}

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> ProjectRecord:
        """Return the project that `to_record` was called on.

        Raises
        ------
        One of `MALFORMED_ERRORS`
            The record is damaged.
        """
        return cls(
            check_shown_text(record["program"]),
            check_shown_text(record["created"]),
            check_shown_text(record["default_model"]),
            check_shown_text(record["last_dataset"]),
            tuple(map(_check_file, record["files"])),
        )


def _check_file(value: Mapping[str, Any]) -> FileRecord:
    sha256 = check_text(value["sha256"])
    if not _SHA256.fullmatch(sha256):
        raise ValueError("a hash was expected")
    # Nanoseconds are beyond the largest count.
    written_ns = value["written_ns"]
    if type(written_ns) is not int:
        raise ValueError("a time was expected")
    return FileRecord(check_text(value["path"]), check_count(value["n_bytes"]), sha256, written_ns)
