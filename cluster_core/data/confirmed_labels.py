"""Remember which labels of a dataset a person has confirmed, in its folder."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from cluster_core.access import Action, require
from cluster_core.storage.safe_moves import explaining_disk_errors
from cluster_core.storage.saved_values import MALFORMED_ERRORS, check_text
from cluster_core.workspace import replacing

CONFIRMED = ".confirmed_labels.json"


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
    _save(image_dir, {**load_confirmed(image_dir), sha256: label})


def withdraw_confirmation(image_dir: Path, sha256: str) -> None:
    """Forget that a label was confirmed; raises as `confirm_label` does."""
    _save(image_dir, {key: of for key, of in load_confirmed(image_dir).items() if key != sha256})


def _save(image_dir: Path, confirmed: Mapping[str, str]) -> None:
    require(Action.EDIT_DATASETS)
    with explaining_disk_errors("The label could not be confirmed", image_dir):
        image_dir.stat()  # `replacing` would create the folder of a deleted dataset
        with replacing(image_dir / CONFIRMED) as draft:
            draft.write_text(json.dumps(dict(sorted(confirmed.items())), indent=0), "utf-8")
