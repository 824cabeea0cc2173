"""Keep the result of the last check with its dataset, also after its pictures have changed."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cluster_core.access import Access
from cluster_core.data.hidden_records import change_record, load_record
from cluster_core.data.index import DatasetIndex, Picture, RejectedFile
from cluster_core.health.check import HealthReport
from cluster_core.health.findings import Finding, FindingKind
from cluster_core.storage.saved_values import (
    MALFORMED_ERRORS,
    check_count,
    check_inner_path,
    check_number,
    check_shown_text,
    check_text,
    check_time,
)

LAST_CHECK = ".last_check.json"


@dataclass(frozen=True)
class KeptCheck:
    """The last check of a dataset.

    Attributes
    ----------
    report : HealthReport
        Read from the disk, its pictures have no fingerprints.
    made : str
        When it was made, ISO 8601, UTC.
    content : str
        What it was made of; see `hash_content`.
    """

    report: HealthReport
    made: str
    content: str


def hash_content(index: DatasetIndex) -> str:
    """Return a hash of the files, labels and groups of a dataset, whatever their dates."""
    lines = [f"{one.label}/{one.path.name}\0{one.reason}" for one in index.rejected]
    lines += [
        "\0".join((f"{one.label}/{one.path.name}", one.sha256, *one.groups))
        for one in index.all_pictures
    ]
    text = "\n".join([*index.labels, *lines])
    return hashlib.sha256(text.encode(errors="surrogateescape")).hexdigest()


def make_check(index: DatasetIndex, report: HealthReport) -> KeptCheck:
    """Return what a check found just now, with the time and the content of the dataset."""
    return KeptCheck(report, datetime.now(UTC).isoformat(timespec="seconds"), hash_content(index))


def keep_check(access: Access, index: DatasetIndex, report: HealthReport) -> None:
    """Write the result of a check into the folder of the dataset, in place of an earlier one.

    Raises
    ------
    AccessError
        This server does not let its visitors edit datasets.
    DatasetError
        The record cannot be written.
    """
    check = make_check(index, report)
    record = {
        "made": check.made,
        "content": check.content,
        "n_pictures": report.n_pictures,
        "notes": report.notes,
        "findings": [_write_finding(finding) for finding in report.findings],
    }
    change_record(
        access,
        index.image_dir / LAST_CHECK,
        lambda: record,
        "The result of the check could not be kept",
    )


def load_check(image_dir: Path) -> KeptCheck | None:
    """Return the last check of a dataset; None if there was none, or its record is damaged."""
    record = load_record(image_dir / LAST_CHECK)
    try:
        findings = [_read_finding(image_dir, finding) for finding in record["findings"]]
        order = list(FindingKind)
        by_key = {finding.key: finding for finding in findings}  # a damaged record may repeat one
        report = HealthReport(
            check_count(record["n_pictures"]),
            tuple(sorted(by_key.values(), key=lambda finding: order.index(finding.kind))),
            tuple(map(check_shown_text, record["notes"])),
        )
        return KeptCheck(report, check_time(record["made"]), check_text(record["content"]))
    except MALFORMED_ERRORS:
        return None


def _write_finding(finding: Finding) -> dict[str, Any]:
    file = finding.file
    return {
        "kind": finding.kind,
        "pictures": [
            [f"{one.label}/{one.path.name}", one.sha256, one.width_px, one.height_px]
            for one in finding.pictures
        ],
        "sentence": finding.sentence,
        "measure": finding.measure,
        "suggested": finding.suggested,
        "file": file and [f"{file.label}/{file.path.name}", file.reason],
        "subject": finding.subject,
    }


def _read_finding(image_dir: Path, record: Mapping[str, Any]) -> Finding:
    suggested, file = record["suggested"], record["file"]
    return Finding(
        FindingKind(record["kind"]),
        tuple(dict.fromkeys(_read_picture(image_dir, *values) for values in record["pictures"])),
        check_shown_text(record["sentence"]),
        check_number(record["measure"]),
        None if suggested is None else check_text(suggested),
        None if file is None else _read_file(image_dir, *file),
        check_text(record["subject"]),
    )


def _read_picture(
    image_dir: Path, name: object, sha256: object, width_px: object, height_px: object
) -> Picture:
    label, path = _find(image_dir, name)
    size = check_count(width_px), check_count(height_px)
    return Picture(path, label, check_text(sha256), *size, fingerprint=b"")


def _read_file(image_dir: Path, name: object, reason: object) -> RejectedFile:
    label, path = _find(image_dir, name)
    return RejectedFile(path, label, check_text(reason))


def _find(image_dir: Path, name: object) -> tuple[str, Path]:
    label, file_name = check_inner_path(name).parts
    return label, image_dir / label / file_name
