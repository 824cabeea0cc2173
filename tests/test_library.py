"""The library's public names: pinned, lazy, and used the way the README shows."""

from __future__ import annotations

import ast
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import cluster_core
from cluster_core import (
    BundleError,
    DatasetError,
    ImageError,
    TrainConfig,
    TrainedModel,
    Workspace,
    load_model,
    read_image,
    train,
)
from cluster_core.model.bundle.collection import list_models, rename_model
from tests.samples import COLOURS, OWNER, draw_blob, run_python, save_picture, write_photos

PUBLIC_NAMES = {
    "AccessError",
    "BackboneError",
    "BundleError",
    "ClusterError",
    "ConfigError",
    "DatasetError",
    "DownloadError",
    "ImageError",
    "Metrics",
    "Prediction",
    "RunError",
    "TrainConfig",
    "TrainedModel",
    "TrainingResult",
    "Workspace",
    "load_model",
    "read_image",
    "render_demo_dataset",
    "train",
}
BLUE, RED = COLOURS.values()


@pytest.fixture
def model(trained) -> TrainedModel:
    return load_model()


def test_public_names_are_pinned():
    assert set(cluster_core.__all__) == PUBLIC_NAMES
    assert set(dir(cluster_core)) >= PUBLIC_NAMES


def test_type_checkers_see_every_public_name():
    tree = ast.parse(Path(cluster_core.__file__).read_text("utf-8"))
    block = next(node for node in tree.body if isinstance(node, ast.If))
    imports = [node for node in block.body if isinstance(node, ast.ImportFrom)]
    imported = {alias.name for node in imports for alias in node.names}
    assert imported == PUBLIC_NAMES


def test_unknown_name_raises_attribute_error():
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        _ = cluster_core.nothing


def test_import_loads_neither_tensorflow_nor_streamlit():
    names = sorted(PUBLIC_NAMES - {"train", "TrainingResult"})
    outcome = run_python(
        "-c",
        "import json, sys, cluster_core\n"
        "own = [name for name in sys.modules if name.startswith('cluster_core.')]\n"
        f"[getattr(cluster_core, name) for name in {names}]\n"
        "heavy = [name for name in ('tensorflow', 'keras', 'streamlit') if name in sys.modules]\n"
        "print(json.dumps([own, heavy]))",
    )
    assert json.loads(outcome.stdout) == [["cluster_core.version"], []], outcome.stderr


def test_missing_packages_are_reported_in_one_sentence(tmp_path):
    program = "import importlib.util; importlib.util.find_spec = lambda name: None\n"
    outcome = run_python("-c", f"{program}import cluster_core")
    assert outcome.returncode == 1
    (line,) = outcome.stderr.splitlines()
    assert "source .venv/bin/activate" in line


def test_old_python_is_rejected_in_one_sentence():
    outcome = run_python("-c", "import sys; sys.version_info = (3, 10, 13); import cluster_core")
    assert outcome.returncode == 1
    (line,) = outcome.stderr.splitlines()
    assert line.startswith("Cluster Lab needs Python 3.11 or newer")


def test_paths_of_a_configuration_may_be_strings():
    config: Any = TrainConfig
    config = config("photos", summaries_dir="curves", output_graph="graph.pb")
    assert (config.image_dir, config.summaries_dir) == (Path("photos"), Path("curves"))
    assert config == TrainConfig(
        Path("photos"), summaries_dir=Path("curves"), output_graph=Path("graph.pb")
    )


def test_training_needs_no_callback_and_its_model_loads(workspace, backbone, quick_config):
    config = TrainConfig(quick_config.image_dir, architecture=quick_config.architecture)
    result = train(replace(config, how_many_training_steps=20))
    assert load_model(result.folder).labels == tuple(COLOURS)


def test_arrays_and_paths_get_the_same_predictions(model, tmp_path):
    pictures = [draw_blob(1, BLUE), draw_blob(2, RED)]
    paths = [save_picture(tmp_path / f"{n}.png", pixels) for n, pixels in enumerate(pictures)]
    from_arrays, from_paths = model.predict(pictures), model.predict(map(str, paths))
    assert [found.label for found in from_arrays] == list(COLOURS)
    assert [found.scores for found in from_arrays] == [found.scores for found in from_paths]
    assert [found.scores for found in model.predict(np.stack(pictures))] == [
        found.scores for found in from_arrays
    ]


def test_single_picture_gives_a_list_of_one(model, tmp_path):
    path = save_picture(tmp_path / "one.png", draw_blob(1, BLUE))
    assert len(model.predict(path)) == len(model.predict(read_image(path))) == 1
    assert model.predict([]) == []


@pytest.mark.parametrize(
    "pixels",
    [
        np.zeros((8, 8, 3)),
        np.zeros((8, 8), np.uint8),
        np.zeros((8, 8, 4), np.uint8),
        np.zeros((0, 5, 3), np.uint8),
    ],
    ids=["float", "grey", "alpha", "empty"],
)
def test_array_that_is_not_rgb_is_rejected(model, pixels):
    with pytest.raises(ImageError, match=r"uint8 array of shape \(height, width, 3\)"):
        model.predict(pixels)


@pytest.mark.parametrize(
    ("picture", "message"),
    [
        (Image.new("RGB", (8, 8)), r"type Image: .* np\.asarray"),
        (Path(), "is a folder"),
    ],
    ids=["pillow image", "folder"],
)
def test_what_is_neither_file_nor_array_is_rejected(model, picture, message):
    with pytest.raises(ImageError, match=message):
        model.predict([picture])


def test_results_print_in_one_short_line(model, tmp_path):
    metrics = model.evaluate(write_photos(tmp_path / "new", 2))
    assert repr(metrics) == "Metrics(4 of 4 correct, labels=['blue stars', 'red stars'])"
    assert len(repr(model)) < 100


def test_missing_file_is_rejected_with_its_path(model):
    with pytest.raises(ImageError, match=r"folder/none\.jpg"):
        model.predict("folder/none.jpg")


def test_evaluation_counts_correct_predictions(model, tmp_path):
    write_photos(tmp_path / "new", 6, first_seed=500)
    # A red picture under the wrong label.
    save_picture(tmp_path / "new" / "blue stars" / "wrong.png", draw_blob(77, RED))
    metrics = model.evaluate(tmp_path / "new")
    assert (metrics.n, metrics.n_right) == (13, 12)
    assert [picture.path.name for picture in metrics.misclassified] == ["wrong.png"]


def test_evaluation_warns_of_unreadable_files(model, tmp_path):
    write_photos(tmp_path / "new", 2)
    (tmp_path / "new" / "red stars" / "broken.png").write_bytes(b"no picture")
    with pytest.warns(UserWarning, match=r"1 file could not be read, .* broken\.png"):
        assert model.evaluate(tmp_path / "new").n == 4


def test_evaluation_rejects_classes_that_the_model_does_not_know(model, tmp_path):
    write_photos(tmp_path / "new", 2)
    save_picture(tmp_path / "new" / "galaxies" / "a.png", draw_blob(1))
    with pytest.raises(DatasetError, match="'galaxies', which this model does not know"):
        model.evaluate(tmp_path / "new")


def test_evaluation_leaves_out_counter_examples(model, tmp_path):
    write_photos(tmp_path / "new", 2)
    save_picture(tmp_path / "new" / "None of these" / "a.png", draw_blob(1))
    assert model.evaluate(tmp_path / "new").n == 4


def test_evaluation_of_a_folder_without_pictures_is_rejected(model, tmp_path):
    (tmp_path / "new" / "red stars").mkdir(parents=True)
    with pytest.raises(DatasetError):
        model.evaluate(tmp_path / "new")


def test_saved_model_predicts_the_same(model, tmp_path):
    folder = model.save(tmp_path / "mine")
    picture = draw_blob(3, RED)
    (ours,), (theirs,) = model.predict(picture), load_model(folder).predict(picture)
    assert ours.scores == theirs.scores


def test_saving_never_replaces_anything(model, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letters.txt").write_text("keep")
    with pytest.raises(BundleError, match="already exists"):
        model.save(tmp_path / "mine")
    assert (tmp_path / "mine" / "letters.txt").read_text() == "keep"


def test_model_loads_by_id_title_or_folder(trained):
    (own, *_) = list_models(trained)
    rename_model(OWNER, trained, own.id, "My stars")
    for name in (own.id, "My stars", trained.bundles / own.id, str(trained.bundles / own.id)):
        assert load_model(name).bundle.name == own.id
    assert load_model("starter").labels == ("globular clusters", "open clusters")


def test_path_is_never_taken_for_a_title(trained, tmp_path):
    (own, *_) = list_models(trained)
    rename_model(OWNER, trained, own.id, "stars")
    with pytest.raises(BundleError, match="no model"):
        load_model(Path("stars"))


def test_file_that_is_not_a_model_is_rejected(trained):
    with pytest.raises(BundleError, match=r"retrained_graph\.pb is a file"):
        load_model(trained.retrained_graph)


def test_unknown_model_is_reported_with_those_there_are(trained):
    with pytest.raises(BundleError, match=r"no model 'nothing'.*'Starter"):
        load_model("nothing")


def test_starter_model_loads_in_an_empty_workspace(tmp_path):
    workspace = Workspace(tmp_path / "elsewhere")
    picture = tmp_path / "half.png"
    Image.fromarray(np.indices((30, 40))[1].astype(np.uint8)).save(picture)
    (found,) = load_model(workspace=workspace).predict(picture)
    assert sum(found.scores.values()) == pytest.approx(1)
    assert not workspace.root.exists()
