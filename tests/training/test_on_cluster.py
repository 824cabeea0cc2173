"""A training whose features are computed on a Dask cluster."""

from __future__ import annotations

import shutil
from dataclasses import replace

import numpy as np
import pytest
from click.testing import CliRunner
from distributed import LocalCluster

from cluster_core import cli
from cluster_core.model.features.extraction import BottleneckSource
from cluster_core.storage import dask_connection
from cluster_core.storage.cache_file import CacheFile
from cluster_core.storage.dask_cluster import DaskCluster
from cluster_core.training.events import DatasetRead, StageProgress
from cluster_core.training.train import train
from cluster_core.workspace import Workspace

_ROWS = "SELECT * FROM bottlenecks WHERE 'all' IN ({keys}) ORDER BY view, sha256"


class Cluster(DaskCluster):
    """Maps as a cluster does, whose workers die of one file."""

    def __init__(self, poison: str) -> None:
        self.poison = poison

    def map_images(self, function, items, give_up):
        for item in items:
            yield (give_up if item.path.name == self.poison else function)(item)


def read_features(workspace: Workspace) -> list[tuple]:
    with CacheFile(workspace.bottlenecks) as cache:
        return list(cache.read_in(_ROWS, ["all"]))


def test_features_and_model_are_those_of_one_computer(
    config, workspace, backbone, tmp_path, monkeypatch
):
    config = replace(config, flip_left_right=True, how_many_training_steps=10)
    elsewhere = Workspace(tmp_path / "elsewhere")
    shutil.copytree(workspace.backbones, elsewhere.backbones)
    here = train(config, workspace)
    monkeypatch.setattr(BottleneckSource, "_extract", None)  # so this computer computes none
    stages = []
    with (
        LocalCluster(
            n_workers=1, threads_per_worker=2, processes=False, dashboard_address=":0",
            protocol="tcp",
        ) as local,
        DaskCluster(local.scheduler_address) as cluster,
    ):  # fmt: skip
        there = train(config, elsewhere, stages.append, cluster=cluster)
    assert read_features(elsewhere) == read_features(workspace)
    np.testing.assert_array_equal(there.bundle.head.weights, here.bundle.head.weights)
    done = [(e.stage, e.done, e.total) for e in stages if isinstance(e, StageProgress)]
    assert ("Computing bottlenecks", 20, 48) in done


def test_picture_that_kills_its_workers_is_left_out_and_listed(config, workspace, backbone):
    events = []
    poison = sorted((config.image_dir / "red stars").iterdir())[5]
    result = train(config, workspace, events.append, cluster=Cluster(poison.name))
    read = [event for event in events if isinstance(event, DatasetRead)]
    assert [len(event.index.pictures) for event in read] == [48, 47]
    (rejected,) = result.index.rejected
    assert (rejected.path, rejected.label) == (poison, "red stars")
    assert "was given up, because the workers of the cluster died of it twice" in rejected.reason
    used = [*result.split.training, *result.split.validation, *result.split.testing]
    assert poison not in [picture.path for picture in used]


@pytest.mark.parametrize("command", ["classify {0}", "retrain --image_dir={0}"])
def test_cluster_that_does_not_answer_is_one_sentence(command, photos, trained, monkeypatch):
    monkeypatch.setattr(dask_connection, "ANSWER_TIMEOUT_S", 0.2)
    words = command.format(photos).split()
    result = CliRunner().invoke(cli.main, [*words, "--dask", "tcp://127.0.0.1:1"])
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: No Dask scheduler answers at tcp://127.0.0.1:1: check")
    assert len(result.stderr.splitlines()) == 1
