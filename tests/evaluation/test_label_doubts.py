"""Labels that out-of-fold scores contradict."""

from __future__ import annotations

import shutil
from dataclasses import replace

import numpy as np
import pytest

from cluster_core.data.index import scan_dataset
from cluster_core.errors import DatasetError
from cluster_core.evaluation.label_doubts import break_up_lone, check_labels, rank_doubts
from cluster_core.model.bundle.folder import load_bundle
from cluster_core.storage.cache_file import CacheFile
from tests.samples import make_index


@pytest.fixture
def bundle(trained):
    (folder,) = trained.bundles.iterdir()
    return load_bundle(folder)


def scan(workspace, photos):
    with CacheFile(workspace.bottlenecks) as cache:
        return scan_dataset(photos, cache)


def test_contradictions_are_ranked_by_margin():
    index = make_index({"a": ["1.png", "2.png", "3.png"], "b": ["4.png"]})
    scores = np.array([[0.9, 0.1], [0.4, 0.6], [0.1, 0.9], [0.5, 0.5]])
    doubts = rank_doubts(index.pictures, scores, ("a", "b"))
    assert [doubt.picture.path.name for doubt in doubts] == ["3.png", "2.png"]
    strongest = doubts[0]
    assert (strongest.suggested, strongest.score, strongest.own_score) == ("b", 0.9, 0.1)
    assert strongest.margin == pytest.approx(-0.8)


def test_wrong_label_is_found_wherever_it_is(trained, bundle, photos, tmp_path):
    folder = tmp_path / "mixed"
    shutil.copytree(photos, folder)
    wrong = sorted((folder / "red stars").iterdir())[3]
    wrong.rename(folder / "blue stars" / "wrong.png")
    seen = []
    doubts = check_labels(
        scan(trained, folder), bundle, trained, lambda done, total: seen.append((done, total))
    )
    assert [(doubt.picture.path.name, doubt.suggested) for doubt in doubts] == [
        ("wrong.png", "red stars")
    ]
    assert seen[-1] == (48, 48)


def test_single_object_is_checked_picture_by_picture(trained, bundle, photos, tmp_path):
    folder = tmp_path / "one object"
    shutil.copytree(photos, folder)
    for number, path in enumerate(sorted(folder.glob("*/*"))):
        path.rename(path.with_name(f"M 42 {number}{path.suffix}"))
    assert check_labels(scan(trained, folder), bundle, trained) == ()


def test_only_classes_with_a_single_group_are_broken_up():
    classes = np.array([0, 0, 0, 1, 1, 1])
    groups = np.array([5, 5, 5, 2, 2, 3])
    assert break_up_lone(groups, classes).tolist() == [6, 7, 8, 2, 2, 3]


def test_right_labels_give_no_doubts(trained, bundle, photos):
    assert check_labels(scan(trained, photos), bundle, trained) == ()


def test_classes_without_pictures_are_ignored(trained, bundle, photos):
    index = replace(scan(trained, photos), labels=("blue stars", "green stars", "red stars"))
    assert check_labels(index, bundle, trained) == ()


def test_single_class_cannot_be_checked(trained, bundle, photos):
    index = scan(trained, photos)
    only = tuple(picture for picture in index.pictures if picture.label == "red stars")
    with pytest.raises(DatasetError, match="two classes"):
        check_labels(replace(index, pictures=only), bundle, trained)


def test_stopping_keeps_the_features_computed_so_far(trained, bundle, photos):
    def stop(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        check_labels(scan(trained, photos), bundle, trained, stop)
    assert check_labels(scan(trained, photos), bundle, trained) == ()
