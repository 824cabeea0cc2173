from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from cluster_core.errors import ConfigError, RunError
from cluster_core.storage.drafts import replacing
from cluster_core.training.outputs import TrainingOutputs


def check(config, workspace, **changes) -> None:
    TrainingOutputs.of(replace(config, **changes), workspace).check()


@pytest.mark.parametrize(
    ("one", "other"),
    [("output_graph", "output_labels"), ("saved_model_dir", "output_graph")],
)
def test_two_outputs_with_the_same_path_are_refused(config, workspace, tmp_path, one, other):
    (tmp_path / "folder").mkdir()
    same_path = tmp_path / "folder" / ".." / "out"
    with pytest.raises(ConfigError, match="cannot both be written") as caught:
        check(config, workspace, **{one: tmp_path / "out", other: same_path})
    assert {one, other} & {caught.value.field}


def test_output_inside_the_saved_model_folder_is_refused(config, workspace, tmp_path):
    with pytest.raises(ConfigError, match="choose separate paths"):
        check(config, workspace, saved_model_dir=tmp_path, output_graph=tmp_path / "graph.pb")


def test_outputs_may_share_a_device(config, workspace):
    check(config, workspace, output_graph=Path("/dev/null"), output_labels=Path("/dev/null"))


@pytest.mark.parametrize("name", ["bundles", "backbones", "intermediate_graphs"])
def test_folder_that_cannot_be_made_is_reported_before_the_training(config, workspace, name):
    folder: Path = getattr(workspace, name)
    folder.parent.mkdir(parents=True)
    folder.touch()
    with pytest.raises(RunError, match="could not be made") as caught:
        check(config, workspace, intermediate_store_frequency=5)
    assert str(folder) in str(caught.value)


def test_folder_of_intermediate_graphs_is_made_only_if_needed(config, workspace):
    check(config, workspace)
    assert not workspace.intermediate_graphs.exists()


def test_output_that_links_to_itself_is_replaced(config, workspace, tmp_path):
    loop = tmp_path / "labels.txt"
    loop.symlink_to(loop)
    check(config, workspace, output_labels=loop)
    with replacing(loop) as draft:
        draft.write_text("red stars")
    assert loop.read_text() == "red stars"
    assert not loop.is_symlink()
