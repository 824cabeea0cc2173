from __future__ import annotations

from dataclasses import replace

import pytest

from cluster_core.model.bundle.folder import load_bundle
from cluster_core.model.bundle.selection import ASSETS, STARTER, choose_bundle
from cluster_core.model.export.check_pictures import (
    choose_pictures,
    choose_two_sets,
    render_pictures,
)
from tests.samples import write_photos


@pytest.fixture
def bundle(trained):
    return choose_bundle(None, trained)


@pytest.fixture
def own(trained, bundle):
    """The model, with its dataset in the workspace."""
    write_photos(trained.root / "my_photos", 15)
    return replace(bundle, dataset={"image_dir": "my_photos"})


def test_own_pictures_come_first_and_classes_take_turns(trained, own):
    (trained.root / "my_photos" / own.labels[0] / "a broken one.png").write_bytes(b"")
    pictures = choose_pictures(own, trained, 40)
    assert len(pictures) == 40
    labels = [picture.label for picture in pictures]
    assert labels.count(own.labels[0]) == labels.count(own.labels[1]) == 15
    assert set(labels[:2]) == set(own.labels)
    assert set(labels[30:]) == {""}  # simulated ones, of none of its classes


@pytest.mark.parametrize("name", ["../outside_photos", "other_photos", "", None, 3])
def test_only_a_dataset_of_the_workspace_is_read(trained, bundle, name):
    write_photos(trained.root.parent / "outside_photos", 3)
    model = replace(bundle, dataset={"image_dir": name})
    assert {picture.label for picture in choose_pictures(model, trained, 4)} == {""}


def test_two_sets_share_no_picture(trained, own):
    checked, others = choose_two_sets(own, trained, 100)
    assert len(checked) == len(others) == 15
    contents = [picture.pixels.tobytes() for picture in (*checked, *others)]
    assert len(set(contents)) == 30
    assert {picture.label for picture in checked} == set(own.labels)


def test_simulated_pictures_are_of_the_classes_of_the_starter_model():
    starter = load_bundle(ASSETS / STARTER)
    pictures = render_pictures(starter, 6)
    assert [picture.label for picture in pictures[:2]] == list(starter.labels)
    assert len({picture.pixels.shape for picture in pictures}) == 5
    assert render_pictures(starter, -1) == []
