"""Findings that a person has accepted or settled."""

from __future__ import annotations

import pytest

from cluster_core.data.confirmed_labels import load_confirmed
from cluster_core.data.declared_groups import mark_same_object
from cluster_core.data.index import RejectedFile, scan_dataset
from cluster_core.errors import AccessError, DatasetError
from cluster_core.health import (
    Finding,
    FindingKind,
    accept_finding,
    list_open,
    withdraw_acceptance,
)
from cluster_core.health.accepted import ACCEPTED, load_accepted
from cluster_core.storage.cache_file import CacheFile
from tests.samples import OWNER, VISITOR, write_photos

KINDS = list(FindingKind)


@pytest.fixture
def pictures(workspace):
    write_photos(workspace.cluster_photos, 3)
    with CacheFile(workspace.bottlenecks) as file:
        return scan_dataset(workspace.cluster_photos, file).pictures


@pytest.fixture
def image_dir(workspace):
    return workspace.cluster_photos


def make_finding(kind, pictures):
    return Finding(kind, pictures[: 1 if kind is FindingKind.WRONG_LABEL else 2], "What.", 1.0)


@pytest.mark.parametrize("kind", KINDS)
def test_accepted_finding_is_closed_until_it_is_withdrawn(kind, pictures, image_dir):
    finding = make_finding(kind, pictures)
    assert list_open(image_dir, [finding]) == (finding,)
    accept_finding(OWNER, image_dir, finding)
    assert list_open(image_dir, [finding]) == ()
    withdraw_acceptance(OWNER, image_dir, finding)
    assert list_open(image_dir, [finding]) == (finding,)


def test_accepted_label_is_confirmed_for_evaluation(pictures, image_dir):
    accept_finding(OWNER, image_dir, make_finding(FindingKind.WRONG_LABEL, pictures))
    assert load_confirmed(image_dir) == {pictures[0].sha256: pictures[0].label}


def test_finding_about_a_picture_that_is_gone_is_settled(pictures, image_dir):
    finding = make_finding(FindingKind.OUTLIER, pictures)
    pictures[0].path.unlink()
    assert list_open(image_dir, [finding]) == ()


def test_unusable_file_is_settled_once_accepted_or_removed(pictures, image_dir):
    path = image_dir / "red stars" / "fake.jpg"
    path.write_text("no picture")
    other = path.with_name("other.jpg")
    other.write_text("no picture")
    one, two = (
        Finding(FindingKind.UNUSABLE, (), "What.", 1.0, file=RejectedFile(its, "red stars", "Why."))
        for its in (path, other)
    )
    accept_finding(OWNER, image_dir, one)
    assert list_open(image_dir, [one, two]) == (two,)
    other.unlink()
    assert list_open(image_dir, [one, two]) == ()


@pytest.mark.parametrize("kind", [FindingKind.COPIES, FindingKind.OUTLIER])
def test_mark_as_one_object_settles_copies_only(kind, pictures, image_dir):
    finding = make_finding(kind, pictures)
    mark_same_object(OWNER, image_dir, [one.sha256 for one in pictures[:2]])
    assert bool(list_open(image_dir, [finding])) == (kind is FindingKind.OUTLIER)


@pytest.mark.parametrize("content", ["", "{", "{}", "[1, null]", "7"])
def test_damaged_record_counts_as_empty(content, image_dir, pictures):
    (image_dir / ACCEPTED).write_text(content)
    assert load_accepted(image_dir) == frozenset()


@pytest.mark.parametrize("kind", KINDS)
def test_visitor_of_a_public_demo_may_accept_nothing(kind, pictures, image_dir):
    with pytest.raises(AccessError):
        accept_finding(VISITOR, image_dir, make_finding(kind, pictures))
    assert not list(image_dir.glob(".*"))


def test_deleted_dataset_is_not_created_again(pictures, image_dir):
    image_dir.rename(image_dir.with_name("moved"))
    with pytest.raises(DatasetError):
        accept_finding(OWNER, image_dir, make_finding(FindingKind.COPIES, pictures))
    assert not image_dir.exists()
