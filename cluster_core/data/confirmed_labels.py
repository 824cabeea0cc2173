"""Remember which labels of a dataset a person has confirmed, in its folder."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from cluster_core.access import Access
from cluster_core.data.hidden_records import change_record, load_record
from cluster_core.storage.saved_values import MALFORMED_ERRORS, check_text

CONFIRMED = ".confirmed_labels.json"


def load_confirmed(image_dir: Path) -> Mapping[str, str]:
    """Return the confirmed labels of a dataset by the SHA-256 of the picture.

    A missing or damaged record counts as empty: then labels are only asked about once more.
    """
    try:
        record = load_record(image_dir / CONFIRMED)
        return {check_text(sha256): check_text(label) for sha256, label in record.items()}
    except MALFORMED_ERRORS:
        return {}


def confirm_label(access: Access, image_dir: Path, sha256: str, label: str) -> None:
    """Record that the label of a picture is right; it counts until the picture gets another.

    Parameters
    ----------
    access : Access
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
    _change(access, image_dir, lambda confirmed: {**confirmed, sha256: label})


def withdraw_confirmation(access: Access, image_dir: Path, sha256: str) -> None:
    """Forget that a label was confirmed; raises as `confirm_label` does."""
    _change(
        access, image_dir, lambda confirmed: {k: v for k, v in confirmed.items() if k != sha256}
    )


def _change(
    access: Access, image_dir: Path, edit: Callable[[Mapping[str, str]], Mapping[str, str]]
) -> None:
    change_record(
        access,
        image_dir / CONFIRMED,
        lambda: dict(sorted(edit(load_confirmed(image_dir)).items())),
        "The label could not be confirmed",
    )
