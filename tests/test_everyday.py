"""The network `everyday` learns drawn shapes offline, from the command to the library's answer."""

from __future__ import annotations

import socket

import pytest
from click.testing import CliRunner

from cluster_core import label_image, load_model, retrain
from cluster_core.model.bundle.folder import find_newest_bundle
from cluster_core.workspace import Workspace
from tests.drawn_pictures import SHAPES, draw_shape, write_shapes
from tests.samples import run_python, save_picture

N_FRESH = 6
ANSWER = """
import sys
from pathlib import Path
from cluster_core import load_model
paths = sorted(Path(sys.argv[1]).rglob("*.png"))
for path, answer in zip(paths, load_model().predict(paths), strict=True):
    print(path.parent.name, answer.label, sep="|")
print(*(name for name in ("tensorflow", "keras") if name in sys.modules))
"""


@pytest.fixture(scope="module")
def everyday_workspace(tmp_path_factory):
    """The root of a workspace with a model of `everyday` that knows shapes, made offline."""
    root = tmp_path_factory.mktemp("everyday")
    photos = write_shapes(root / "shapes", 12)

    def refuse(*_):
        raise OSError("there is no network")

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CLUSTER_LAB_WORKSPACE", str(root / "tf_files"))
        patch.setattr(socket.socket, "connect", refuse)
        flags = ("--architecture=everyday", "--how_many_training_steps=200", "--learning_rate=0.1")
        outcome = CliRunner().invoke(retrain.main, [f"--image_dir={photos}", *flags])
    assert outcome.exit_code == 0, outcome.output
    return Workspace(root / "tf_files")


@pytest.fixture
def fresh(tmp_path):
    """A folder of shapes that the model has not seen."""
    return write_shapes(tmp_path / "fresh", N_FRESH, first_seed=1000)


def test_library_answers_without_tensorflow(everyday_workspace, fresh):
    environment = {"CLUSTER_LAB_WORKSPACE": str(everyday_workspace.root)}
    outcome = run_python("-c", ANSWER, fresh, env=environment)
    assert outcome.returncode == 0, outcome.stderr
    *answers, heavy = outcome.stdout.split("\n")[:-1]
    right = [shape == label for shape, _, label in (line.partition("|") for line in answers)]
    assert len(right) == N_FRESH * len(SHAPES)
    assert sum(right) >= 0.9 * len(right)
    assert heavy == ""


def test_exported_graph_gives_the_same_answer_as_the_model(everyday_workspace, tmp_path):
    picture = save_picture(tmp_path / "triangle.png", draw_shape("triangle", 2000))
    (expected,) = load_model(find_newest_bundle(everyday_workspace.bundles)).predict([picture])
    graph = everyday_workspace.root / "retrained_graph.pb"
    labels = everyday_workspace.root / "retrained_labels.txt"
    outcome = CliRunner().invoke(
        label_image.main, [f"--image={picture}", f"--graph={graph}", f"--labels={labels}"]
    )
    assert outcome.exit_code == 0, outcome.output
    assert f"{expected.label} (score={expected.score:.5f}" in outcome.output
