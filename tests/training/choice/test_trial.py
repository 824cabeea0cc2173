from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cluster_core.data.index import DatasetIndex, scan_dataset
from cluster_core.data.splits import Split, split_dataset
from cluster_core.model.backbones import weights_upload
from cluster_core.model.backbones.litert import LiteRTExtractor
from cluster_core.model.backbones.registry import SKY_BACKBONE
from cluster_core.model.backbones.shipped import load_shipped_record
from cluster_core.storage.cache_file import CacheFile
from cluster_core.training.choice import networks, trial
from cluster_core.training.choice.decision import Reason
from cluster_core.training.choice.networks import list_networks, prepare_networks
from cluster_core.training.choice.sample import draw_sample
from cluster_core.training.choice.trial import (
    choose_network,
    find_choice,
    find_latest_choice,
    run_trial,
)
from cluster_core.training.config import TrainConfig
from tests.drawn_pictures import write_shapes
from tests.samples import SHARED, make_slow_command, needs_shared, write_photos


class StoppedError(Exception):
    pass


@pytest.fixture(scope="module")
def shapes(tmp_path_factory):
    return write_shapes(tmp_path_factory.mktemp("shapes"), 12)


def read(workspace, image_dir, **shares) -> tuple[TrainConfig, DatasetIndex, Split]:
    config = TrainConfig(image_dir, architecture="auto", **shares)
    with CacheFile(workspace.bottlenecks) as cache:
        index = scan_dataset(image_dir, cache)
    split = split_dataset(
        index,
        testing_percentage=config.testing_percentage,
        validation_percentage=config.validation_percentage,
    )
    return config, index, split


def test_shapes_get_the_everyday_network_and_the_result_is_kept(workspace, shapes):
    dataset = read(workspace, shapes)
    config, index, split = dataset
    assert find_choice(config, split, workspace) is None
    progress = []
    choice = choose_network(*dataset, workspace, lambda *counts: progress.append(counts))
    assert choice.architecture == "everyday"
    assert choice.is_better_than("sky")
    assert not choice.shows_stars
    assert progress[-1][0] == progress[-1][1] == 2 * choice.n_pictures
    assert find_choice(config, split, workspace) == choice
    assert find_latest_choice(index.sha256, workspace) == choice
    assert find_latest_choice("another", workspace) is None


def test_kept_result_needs_no_network(workspace, shapes, monkeypatch):
    dataset = read(workspace, shapes)
    choice = choose_network(*dataset, workspace)
    monkeypatch.setattr(trial, "load_extractor", lambda network: pytest.fail("tried again"))
    assert choose_network(*dataset, workspace) == choice


def test_test_pictures_take_no_part(workspace, shapes):
    config, index, split = read(workspace, shapes, testing_percentage=40)
    choice = choose_network(config, index, split, workspace)
    assert choice.n_pictures == len(split.training) + len(split.validation)
    assert choice.n_pictures < len(index.pictures)


def test_stopped_trial_keeps_its_features_and_goes_on(workspace, shapes):
    dataset = read(workspace, shapes)

    def stop(done, total):
        if done >= 20:
            raise StoppedError

    with pytest.raises(StoppedError):
        choose_network(*dataset, workspace, stop)
    assert find_choice(dataset[0], dataset[2], workspace) is None
    counts = []
    choose_network(*dataset, workspace, lambda done, total: counts.append(done))
    assert counts[0] >= 20


def test_few_pictures_are_only_looked_at(workspace, tmp_path):
    no_shares = {"testing_percentage": 0, "validation_percentage": 0}
    dataset = read(workspace, write_shapes(tmp_path / "few", 2), **no_shares)
    choice = choose_network(*dataset, workspace)
    assert (choice.architecture, choice.reason) == ("everyday", Reason.TOO_FEW)
    stars = read(workspace, write_photos(tmp_path / "stars", 4), **no_shares)
    assert choose_network(*stars, workspace).architecture == "sky"


def test_picture_that_became_unreadable_is_left_out(workspace, tmp_path):
    dataset = read(workspace, write_shapes(tmp_path / "shapes", 8))
    whole = draw_sample(trial.list_candidates(dataset[2]))
    whole.pictures[3].path.write_bytes(b"damaged since")
    choice = choose_network(*dataset, workspace)
    assert choice.n_pictures == len(whole.pictures) - 1


def test_network_with_features_that_are_not_finite_is_left_out(workspace, shapes, monkeypatch):
    class Broken:
        def extract(self, pictures):
            return np.full((len(pictures), SKY_BACKBONE.n_features), np.nan, np.float32)

    def load(network):
        return Broken() if network.name == "sky" else LiteRTExtractor(network.read_litert())

    monkeypatch.setattr(trial, "load_extractor", load)
    choice = choose_network(*read(workspace, shapes), workspace)
    assert [figure.architecture for figure in choice.figures] == ["everyday"]


def test_without_any_usable_network_the_look_decides(workspace, shapes, monkeypatch):
    broken = replace(load_shipped_record(SKY_BACKBONE), litert_sha256="0" * 64)
    with CacheFile(workspace.bottlenecks) as cache:
        sample = draw_sample(scan_dataset(shapes, cache).pictures)
        assert run_trial(sample, [broken], cache).reason is Reason.TOO_FEW


def test_networks_at_hand_are_the_shipped_ones_and_quick_ones_with_weights(workspace):
    config = TrainConfig(workspace.cluster_photos)
    assert [spec.name for spec in list_networks(config, workspace)] == ["sky", "everyday"]
    workspace.models.mkdir(parents=True)
    for name in ("resnet50", *(f"mobilenet_{width}_224" for width in ("0.25", "0.50", "0.75"))):
        (workspace.models / f"{name}_no_top.weights.h5").touch()
    (workspace.models / "mobilenet_v2_no_top.weights.h5").touch()
    names = [spec.name for spec in list_networks(config, workspace)]
    assert names == ["sky", "everyday", "mobilenet_v2", "mobilenet_0.75_224", "mobilenet_0.50_224"]


def test_network_that_cannot_be_converted_is_left_out(workspace, monkeypatch, caplog):
    workspace.models.mkdir(parents=True)
    (workspace.models / "mobilenet_0.25_128_no_top.weights.h5").touch()

    def refuse(spec, weights, workspace, is_stopped):
        raise networks.BackboneError("damaged weights", name=spec.name)

    monkeypatch.setattr(networks, "convert_confined", refuse)
    found = prepare_networks(TrainConfig(workspace.cluster_photos), workspace)
    assert [network.name for network in found] == ["sky", "everyday"]
    assert "mobilenet_0.25_128 is not tried: damaged weights" in caplog.text


def test_conversion_before_a_trial_can_be_stopped(workspace, shapes, monkeypatch, tmp_path):
    workspace.models.mkdir(parents=True)
    (workspace.models / "mobilenet_0.25_128_no_top.weights.h5").touch()
    command = make_slow_command(tmp_path / "end")
    monkeypatch.setattr(weights_upload, "make_command", lambda *_: command)
    progress = []

    def stop(done, total):
        progress.append((done, total))
        raise StoppedError

    with pytest.raises(StoppedError):
        choose_network(*read(workspace, shapes), workspace, stop)
    assert progress == [(0, 1)]
    assert not (tmp_path / "end").exists()


@needs_shared
def test_photos_of_clusters_get_the_sky_network(workspace):
    dataset = read(workspace, SHARED / "photos" / "cluster_photos")
    assert choose_network(*dataset, workspace).architecture == "sky"
