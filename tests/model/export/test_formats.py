from __future__ import annotations

import json
import zipfile

import pytest
from click.testing import CliRunner

from cluster_core import label_image
from cluster_core.model.backbones.registry import list_backbones
from cluster_core.model.bundle.folder import load_bundle
from cluster_core.model.bundle.selection import ASSETS, STARTER
from cluster_core.model.export import formats
from cluster_core.model.export.description import describe_export
from cluster_core.model.export.formats import FORMATS, ExportFormat, find_obstacle

NETWORKS = [spec.name for spec in list_backbones()]


def test_every_format_is_explained_in_one_sentence():
    assert set(FORMATS) == set(ExportFormat)
    for facts in FORMATS.values():
        assert facts.purpose.startswith("For ")
        assert facts.purpose.endswith(".")


@pytest.mark.parametrize("name", NETWORKS)
def test_all_networks_can_be_exported_but_for_convnext_as_onnx(name):
    obstacles = [kind for kind in ExportFormat if find_obstacle(kind, name, runs_on_litert=True)]
    assert obstacles == ([ExportFormat.ONNX] if name == "convnext_tiny" else [])


def test_network_that_only_tensorflow_runs_has_formats_of_tensorflow():
    possible = [
        kind for kind in ExportFormat if not find_obstacle(kind, "sky", runs_on_litert=False)
    ]
    assert set(possible) == {
        ExportFormat.ONNX,
        ExportFormat.KERAS,
        ExportFormat.SAVED_MODEL,
        ExportFormat.GRAPH,
    }
    sentence = find_obstacle(ExportFormat.TFLITE, "sky", runs_on_litert=False)
    assert "cannot run the network sky" in sentence


@pytest.mark.parametrize(
    ("lacking", "kind", "sentence"),
    [
        ("onnxruntime", ExportFormat.ONNX, "python -m pip install tf2onnx onnx onnxruntime"),
        ("tensorflow", ExportFormat.KERAS, "This installation has no TensorFlow"),
        ("tensorflow", ExportFormat.TAKEAWAY, ""),
    ],
)
def test_lacking_package_is_named(monkeypatch, lacking, kind, sentence):
    monkeypatch.setattr(formats, "_is_installed", lambda package: package != lacking)
    found = find_obstacle(kind, "sky", runs_on_litert=True)
    assert sentence in found
    assert bool(found) == bool(sentence)


@pytest.mark.parametrize("kind", ExportFormat)
def test_description_says_what_goes_in_and_when_it_is_none_of_these(kind):
    starter = load_bundle(ASSETS / STARTER)
    description = describe_export(starter, kind)
    json.dumps(description)
    assert description["labels"] == list(starter.labels)
    assert description["unsure_below"] == starter.unsure_below
    takes_any_size = "any size" in description["input"]
    assert takes_any_size == (
        kind in (ExportFormat.ONNX, ExportFormat.KERAS, ExportFormat.SAVED_MODEL)
    )
    has_novelty = takes_any_size or kind is ExportFormat.TAKEAWAY
    limit = starter.novelty.threshold if has_novelty else None
    assert description["none_of_these_above"] == limit
    assert ("novelty" in description["output"]) == has_novelty
    assert ("none of these" in description["verdict"]) == has_novelty


def test_labels_and_limits_are_inside_every_file(export_once):
    onnx = pytest.importorskip("onnx")
    labels = ["blue stars", "red stars"]
    for kind, name in (
        (ExportFormat.KERAS, "export.keras"),
        (ExportFormat.TFLITE, "export.tflite"),
    ):
        archive = zipfile.ZipFile(export_once(kind) / name)
        assert archive.read("labels.txt").decode().splitlines() == labels
        assert json.loads(archive.read("cluster_lab.json"))["unsure_below"] == 0.6
    saved = export_once(ExportFormat.SAVED_MODEL) / "export"
    assert json.loads((saved / "cluster_lab.json").read_text("utf-8"))["labels"] == labels
    graph = export_once(ExportFormat.GRAPH) / "export"
    assert (graph / "retrained_labels.txt").read_text("utf-8").splitlines() == labels
    model = onnx.load(str(export_once(ExportFormat.ONNX) / "export.onnx"))
    properties = {entry.key: entry.value for entry in model.metadata_props}
    assert properties["labels"].splitlines() == labels
    assert [value.name for value in model.graph.input] == ["image"]
    assert {value.name for value in model.graph.output} == {"scores", "novelty"}


def test_label_image_reads_the_frozen_graph(export_once, tmp_path):
    folder = export_once(ExportFormat.GRAPH)
    outcome = CliRunner().invoke(
        label_image.main,
        [
            *("--image", str(folder / "pictures" / "000.png")),
            *("--graph", str(folder / "export" / "retrained_graph.pb"), "--json"),
        ],
    )
    scores = json.loads(outcome.stdout)["scores"]
    expected = json.loads((folder / "expected.json").read_text())[0]["scores"]
    assert [scores["blue stars"], scores["red stars"]] == pytest.approx(expected, abs=1e-5)
