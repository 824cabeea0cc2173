"""Remember which findings a person has accepted, in the folder of the dataset."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path

from cluster_core.access import Access
from cluster_core.data.confirmed_labels import (
    confirm_label,
    load_confirmed,
    withdraw_confirmation,
)
from cluster_core.data.declared_groups import load_same_objects
from cluster_core.data.hidden_records import change_record, load_record
from cluster_core.health.findings import Finding, FindingKind

ACCEPTED = ".accepted_findings.json"


def load_accepted(image_dir: Path) -> frozenset[str]:
    """Return the keys of accepted findings; a missing or damaged record counts as empty."""
    record = load_record(image_dir / ACCEPTED)
    if not isinstance(record, list):
        return frozenset()
    return frozenset(key for key in record if isinstance(key, str))


def accept_finding(access: Access, image_dir: Path, finding: Finding) -> None:
    """Record that nothing is wrong with a finding.

    A label that is accepted is also confirmed for the Evaluation page.

    Raises
    ------
    AccessError
        This server does not let its visitors edit datasets.
    DatasetError
        The record cannot be written.
    """
    if finding.kind is FindingKind.WRONG_LABEL:
        (picture,) = finding.pictures
        confirm_label(access, image_dir, picture.sha256, picture.label)
    else:
        _change(access, image_dir, lambda keys: keys | {finding.key})


def withdraw_acceptance(access: Access, image_dir: Path, finding: Finding) -> None:
    """Forget that a finding was accepted; raises as `accept_finding` does."""
    if finding.kind is FindingKind.WRONG_LABEL:
        (picture,) = finding.pictures
        withdraw_confirmation(access, image_dir, picture.sha256)
    else:
        _change(access, image_dir, lambda keys: keys - {finding.key})


def list_open(image_dir: Path, findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return the findings that were neither accepted nor settled since.

    Parameters
    ----------
    image_dir : Path
        The dataset's folder.
    findings : iterable of Finding
        In any order, which is kept. Those with a picture or file that was moved or deleted since,
        or whose pictures were marked as one object, count as settled.
    """
    accepted, confirmed = load_accepted(image_dir), load_confirmed(image_dir)
    same = load_same_objects(image_dir)

    def is_open(finding: Finding) -> bool:
        if finding.key in accepted or not all(one.path.is_file() for one in finding.pictures):
            return False
        if finding.file is not None:
            return os.path.lexists(finding.file.path)
        if finding.kind is FindingKind.WRONG_LABEL:
            (picture,) = finding.pictures
            return confirmed.get(picture.sha256) != picture.label
        hashes = {picture.sha256 for picture in finding.pictures}
        can_be_one_object = finding.kind in (FindingKind.COPIES, FindingKind.SERIES)
        return not (can_be_one_object and any(hashes <= members for members in same))

    return tuple(filter(is_open, findings))


def _change(
    access: Access, image_dir: Path, edit: Callable[[frozenset[str]], frozenset[str]]
) -> None:
    change_record(
        access,
        image_dir / ACCEPTED,
        lambda: sorted(edit(load_accepted(image_dir))),
        "The finding could not be accepted",
    )
