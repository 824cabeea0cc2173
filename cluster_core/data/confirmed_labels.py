"""Remember which labels of a dataset a person has confirmed, in its folder."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path

import filelock

from cluster_core.access import Action, require
from cluster_core.storage.safe_moves import explaining_disk_errors
from cluster_core.storage.saved_values import MALFORMED_ERRORS, check_text
from cluster_core.workspace import replacing

CONFIRMED = ".confirmed_labels.json"
_LOCK = ".confirmed_labels.lock"


def load_confirmed(image_dir: Path) -> Mapping[str, str]:
    """Return the confirmed labels of a dataset by the SHA-256 of the picture.

    A missing or damaged record counts as empty: then labels are only asked about once more.
    """
    try:
        record = json.loads((image_dir / CONFIRMED).read_text("utf-8"))
        return {check_text(sha256): check_text(label) for sha256, label in record.items()}
    except (OSError, *MALFORMED_ERRORS):
        return {}


def confirm_label(image_dir: Path, sha256: str, label: str) -> None:
    """Record that the label of a picture is right; it counts until the picture gets another.

    Parameters
    ----------
    image_dir : Path
        The dataset's folder.
    sha256 : str
        Hash of the picture's file, 64 hexadecimal digits.
    label : str
        Its class.

    Raises
    ------
    AccessError
        This server does not let its visitors edit datasets.
    DatasetError
        The record cannot be written.
    """
    _change(image_dir, lambda confirmed: {**confirmed, sha256: label})


def withdraw_confirmation(image_dir: Path, sha256: str) -> None:
    """Forget that a label was confirmed; raises as `confirm_label` does."""
    _change(image_dir, lambda confirmed: {k: v for k, v in confirmed.items() if k != sha256})


def _change(image_dir: Path, edit: Callable[[Mapping[str, str]], Mapping[str, str]]) -> None:
    require(Action.EDIT_DATASETS)
    with explaining_disk_errors("The label could not be confirmed", image_dir):
        image_dir.stat()  # `replacing` would create the folder of a deleted dataset
        # Another tab may confirm a label at the same time.
        with filelock.FileLock(image_dir / _LOCK), replacing(image_dir / CONFIRMED) as draft:
            confirmed = edit(load_confirmed(image_dir))
            draft.write_text(json.dumps(dict(sorted(confirmed.items())), indent=0), "utf-8")
