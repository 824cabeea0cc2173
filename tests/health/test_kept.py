"""The last check of a dataset, kept in its folder."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from cluster_core.data.index import RejectedFile, scan_dataset
from cluster_core.health import Finding, FindingKind, HealthReport
from cluster_core.health.kept import LAST_CHECK, hash_content, keep_check, load_check
from cluster_core.storage.cache_file import CacheFile
from tests.samples import OWNER, write_photos


def read(workspace):
    with CacheFile(workspace.bottlenecks) as file:
        return scan_dataset(workspace.cluster_photos, file)


@pytest.fixture
def index(workspace):
    write_photos(workspace.cluster_photos, 3)
    return read(workspace)


@pytest.fixture
def report(index):
    one, two, *_ = index.pictures
    unusable = RejectedFile(one.path.with_name("a\udcff.jpg"), one.label, "It is empty.")
    findings = (
        Finding(FindingKind.WRONG_LABEL, (one,), "Wrong.", 0.5, suggested="other"),
        Finding(FindingKind.SHORTCUT, (one, two), "The size alone.", 0.9, subject="The size"),
        Finding(FindingKind.UNUSABLE, (), "Empty.", 1.0, file=unusable),
    )
    return HealthReport(6, findings, ("A note.",))


def test_kept_check_has_the_same_findings(index, report):
    keep_check(OWNER, index, report)
    kept = load_check(index.image_dir)
    plain = tuple(
        replace(finding, pictures=tuple(replace(one, fingerprint=b"", n_bytes=0) for one in its))
        for finding in report.findings
        for its in [finding.pictures]
    )
    assert kept.report == replace(report, findings=plain)
    assert [one.key for one in kept.report.findings] == [one.key for one in report.findings]
    assert kept.content == hash_content(index)


def test_content_depends_on_names_and_labels_but_not_on_dates(workspace, index):
    picture = index.pictures[0].path
    picture.touch()
    assert hash_content(read(workspace)) == hash_content(index)
    picture.rename(picture.with_name("renamed.png"))
    assert hash_content(read(workspace)) != hash_content(index)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("made", "yesterday"),
        ("findings", [{"kind": "copies"}]),
        ("n_pictures", -1),
        ("path", "../../x.png"),
        ("path", "x.png"),
    ],
)
def test_damaged_record_counts_as_no_check(index, report, field, value):
    keep_check(OWNER, index, report)
    path = index.image_dir / LAST_CHECK
    record = json.loads(path.read_text())
    if field == "path":
        record["findings"][0]["pictures"][0][0] = value
    else:
        record[field] = value
    path.write_text(json.dumps(record))
    assert load_check(index.image_dir) is None


def test_repeated_findings_and_pictures_are_read_once(index, report):
    keep_check(OWNER, index, report)
    path = index.image_dir / LAST_CHECK
    record = json.loads(path.read_text())
    record["findings"][1]["pictures"] *= 2
    record["findings"] = record["findings"][::-1] * 2
    path.write_text(json.dumps(record))
    kept = load_check(index.image_dir).report
    assert [one.kind for one in kept.findings] == [one.kind for one in report.findings]
    assert len(kept.findings[1].pictures) == 2
