"""What a queue records: pictures and decisions, read from lines that may be damaged."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from cluster_core.data.labels import check_class_name
from cluster_core.storage.saved_values import check_count, check_shown_text, check_text

_SHA256 = re.compile(r"[0-9a-f]{64}")
_SUFFIX = re.compile(r"(\.[a-z0-9]{1,5}){0,2}")


class Verdict(StrEnum):
    """What a person says about a picture; the values are saved."""

    LABEL = "label"
    NONE = "none of these"
    SKIP = "skip"


@dataclass(frozen=True)
class QueuedPicture:
    """A picture in a queue.

    Attributes
    ----------
    sha256 : str
        Hexadecimal hash of the file.
    name : str
        File name on the visitor's computer.
    suffix : str
        Ending of the stored file, such as `.jpg`; it matches the content.
    n_bytes : int
        Size of the file.
    """

    sha256: str
    name: str
    suffix: str
    n_bytes: int

    @property
    def file_name(self) -> str:
        """Name of the stored file."""
        return f"{self.sha256}{self.suffix}"


@dataclass(frozen=True)
class Decision:
    """What a person decided about a picture.

    Attributes
    ----------
    verdict : Verdict
    label : str or None
        The class, if the verdict is `LABEL`.
    tab : str
        Identifies the browser tab that decided.
    """

    verdict: Verdict
    label: str | None
    tab: str


def check_sha256(value: object) -> str:
    """Return the value, a hash; raise ValueError if it is not."""
    text = check_text(value)
    if not _SHA256.fullmatch(text):
        raise ValueError("a hash was expected")
    return text


def check_picture(entry: Mapping[str, Any]) -> QueuedPicture:
    """Return the picture of a line; raise one of `MALFORMED_ERRORS` if it is damaged."""
    suffix = check_text(entry["suffix"])
    if not _SUFFIX.fullmatch(suffix):
        raise ValueError("a file ending was expected")
    return QueuedPicture(
        check_sha256(entry["picture"]),
        check_shown_text(entry["name"]),
        suffix,
        check_count(entry["n_bytes"]),
    )


def check_decision(entry: Mapping[str, Any]) -> Decision:
    """Return the decision of a line; raise one of `MALFORMED_ERRORS` if it is damaged.

    Raises
    ------
    DatasetError
        Its class has a name that no folder can have.
    """
    verdict = Verdict(entry["verdict"])
    label = check_class_name(check_text(entry["label"])) if verdict is Verdict.LABEL else None
    return Decision(verdict, label, check_text(entry["tab"]))
