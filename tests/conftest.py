"""Shared fixtures; every test gets its own workspace, so that none touches a user's data."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

# Before anything loads TensorFlow, whose log would hide the output of a failing test.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# Before anything loads NumPy: threads of small matrices wait for each other most of the time.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ["CLUSTER_LAB_TEST_BACKBONE"] = "1"

from cluster_core.access import PUBLIC_VARIABLE, TENSORBOARD_VARIABLE
from cluster_core.access.modes import OWNERS_VARIABLE, PASSPHRASE_VARIABLE
from cluster_core.model.backbones.converted import ConvertedBackbone, find_converted
from cluster_core.model.backbones.registry import TEST_BACKBONE
from cluster_core.training.config import TrainConfig
from cluster_core.training.locks import AT_ONCE_VARIABLE
from cluster_core.workspace import ROOT_VARIABLE, Workspace
from tests.samples import write_photos


@pytest.fixture(autouse=True)
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """The default workspace during a test, which does not exist yet."""
    root = tmp_path / "tf_files"
    monkeypatch.setenv(ROOT_VARIABLE, str(root))
    for variable in (PUBLIC_VARIABLE, PASSPHRASE_VARIABLE, OWNERS_VARIABLE):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.delenv(TENSORBOARD_VARIABLE, raising=False)
    monkeypatch.delenv(AT_ONCE_VARIABLE, raising=False)
    return Workspace(root)


@pytest.fixture(autouse=True)
def main_module() -> Iterator[None]:
    """Restore the main module, which new processes run first: AppTest leaves its page there."""
    main = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = main


@pytest.fixture(scope="session")
def converted_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the `random` backbone, converted."""
    from cluster_core.model.backbones.conversion import convert_backbone

    folder = tmp_path_factory.mktemp("backbones")
    convert_backbone(TEST_BACKBONE, None, folder)
    return folder


@pytest.fixture
def backbone(workspace: Workspace, converted_once: Path) -> ConvertedBackbone:
    """The `random` backbone, converted in the test's own workspace."""
    shutil.copytree(converted_once, workspace.backbones)
    found = find_converted(TEST_BACKBONE, workspace.backbones)
    assert found
    return found


@pytest.fixture(scope="session")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dataset of two classes with 24 pictures each. Read-only."""
    return write_photos(tmp_path_factory.mktemp("photos"), 24)


@pytest.fixture(scope="session")
def quick_config(photos: Path) -> TrainConfig:
    """Settings for a training that takes a fraction of a second."""
    return TrainConfig(
        photos,
        architecture=TEST_BACKBONE.name,
        how_many_training_steps=60,
        learning_rate=0.5,
        testing_percentage=20,
        validation_percentage=20,
    )


@pytest.fixture(scope="session")
def trained_once(
    tmp_path_factory: pytest.TempPathFactory, converted_once: Path, quick_config: TrainConfig
) -> Path:
    """The root of a workspace after one training. Read-only."""
    from cluster_core.training.train import train

    workspace = Workspace(tmp_path_factory.mktemp("trained"))
    shutil.copytree(converted_once, workspace.backbones)
    train(quick_config, workspace, lambda event: None)
    return workspace.root


@pytest.fixture
def trained(workspace: Workspace, trained_once: Path) -> Workspace:
    """The workspace of the test, with one trained model in it."""
    shutil.copytree(trained_once, workspace.root)
    return workspace


@pytest.fixture
def config(quick_config: TrainConfig) -> TrainConfig:
    """A copy of `quick_config`."""
    return replace(quick_config)
