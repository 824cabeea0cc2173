"""The record of a published model on disk."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cluster_core.publishing.aliases import is_alias, is_content_id
from cluster_core.storage.drafts import replacing
from cluster_core.storage.saved_values import (
    MALFORMED_ERRORS,
    check_shown_text,
    check_text,
    check_time,
)

RECORD = "published.json"
_MAX_RECORD_BYTES = 1_000_000
_EXAMPLES = "example-*.jpg"


@dataclass(frozen=True)
class PublishedModel:
    """A published model.

    Attributes
    ----------
    alias : str
        Readable name in its link.
    content_id : str
        Hash of the content of its folder, 16 hexadecimal digits.
    model_id : str
        The model it was made from, which may have been deleted since.
    model_sha256 : str
        Hash of that model, `ModelSummary.content_sha256`: another may have got its id since.
    title, description, link : str
        Texts of its owner; `link` is the address that its page links to, or empty.
    labels : tuple of str
        Its classes.
    created : str
        When this content was published, ISO 8601, UTC.
    folder : Path
        Its static page. The files in it never change.
    """

    alias: str
    content_id: str
    model_id: str
    model_sha256: str
    title: str
    description: str
    link: str
    labels: tuple[str, ...]
    created: str
    folder: Path

    @property
    def examples(self) -> tuple[Path, ...]:
        """Its example pictures, JPEG files."""
        return tuple(sorted(self.folder.glob(_EXAMPLES), key=lambda path: (len(path.name), path)))

    def find_file(self, name: str) -> Path | None:
        """Return a file of its page, or None.

        Parameters
        ----------
        name : str
            Path relative to `folder`. It may come from a visitor: it is only compared with the
            names of existing files, never used as a path.
        """
        for path in self.folder.rglob("*"):
            is_named = path.relative_to(self.folder).as_posix() == name
            if is_named and path.is_file() and not path.is_symlink():
                return path
        return None


def write_record(folder: Path, model: PublishedModel) -> None:
    """Write the record of a published model, or replace it in one step.

    Parameters
    ----------
    folder : Path
        The folder of its alias.
    model : PublishedModel

    Raises
    ------
    OSError
        It cannot be written.
    """
    record = {
        "content": model.content_id,
        "model": model.model_id,
        "model_sha256": model.model_sha256,
        "title": model.title,
        "description": model.description,
        "link": model.link,
        "labels": model.labels,
        "created": model.created,
    }
    with replacing(folder / RECORD) as draft:
        draft.write_text(json.dumps(record, indent=1), "ascii")


def load_record(folder: Path) -> PublishedModel | None:
    """Return the published model of an alias, or None if there is none or its record is damaged.

    Parameters
    ----------
    folder : Path
        The folder of the alias. A link to another folder counts as damaged.
    """
    try:
        if folder.is_symlink() or (folder / RECORD).stat().st_size > _MAX_RECORD_BYTES:
            return None
        record = json.loads((folder / RECORD).read_text("ascii"))
        model = _read(folder, record)
    except (OSError, *MALFORMED_ERRORS):
        return None
    return model if model.folder.is_dir() and not model.folder.is_symlink() else None


def _read(folder: Path, record: dict[str, Any]) -> PublishedModel:
    """Return a published model; raise one of MALFORMED_ERRORS if its record is damaged."""
    content_id = check_text(record["content"])
    if not is_alias(folder.name) or not is_content_id(content_id):
        raise ValueError("an alias and a content id were expected")
    if not isinstance(record["labels"], list):
        raise ValueError("a list of classes was expected")
    return PublishedModel(
        folder.name,
        content_id,
        check_shown_text(record["model"]),
        check_shown_text(record["model_sha256"]),
        check_shown_text(record["title"]),
        check_shown_text(record["description"]),
        check_shown_text(record["link"]),
        tuple(check_shown_text(label) for label in record["labels"]),
        check_time(record["created"]),
        folder / content_id,
    )
