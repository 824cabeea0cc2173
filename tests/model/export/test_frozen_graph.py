from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import tensorflow as tf

from cluster_core.errors import BundleError, ConfigError, ImageError
from cluster_core.model.backbones import converted
from cluster_core.model.backbones.converted import find_converted
from cluster_core.model.backbones.preprocessing import to_unit_range
from cluster_core.model.backbones.registry import TEST_BACKBONE
from cluster_core.model.bundle.folder import load_bundle
from cluster_core.model.bundle.selection import choose_bundle
from cluster_core.model.export.frozen_graph import (
    LABELS_FILE,
    build_graph,
    save_graph,
    save_labels,
    save_saved_model,
)
from cluster_core.model.features.views import PLAIN_VIEWS, SKY_VIEWS
from cluster_core.model.head.head import Head
from cluster_core.model.prediction.graph_predictor import FrozenGraph
from cluster_core.model.prediction.predictor import Predictor
from cluster_core.training.config import TrainConfig
from tests.samples import draw_blob, save_picture

PICTURES = np.stack([draw_blob(seed, (200, 90, 150), 32) for seed in range(4)])
VIEWS = {"plain": PLAIN_VIEWS, "sky": SKY_VIEWS}


@pytest.fixture(params=["plain", "sky"])
def bundle(request, trained):
    """A bundle with a random head and a temperature other than 1."""
    bundle = choose_bundle(None, trained)
    random = np.random.default_rng(0)
    head = Head(
        random.normal(size=(48, 2)).astype(np.float32),
        random.normal(size=2).astype(np.float32),
        temperature=1.7,
    )
    return replace(bundle, head=head, views=request.param)


@pytest.fixture
def converted_backbone(trained):
    return find_converted(TEST_BACKBONE, trained.backbones)


@pytest.fixture
def expected(bundle, trained):
    """Scores of `Predictor`: (n_pictures, n_labels)."""
    predictor = Predictor(bundle, trained)
    answers = [predictor.predict_pixels(pixels) for pixels in PICTURES]
    scores = np.array([[answer.scores[label] for label in bundle.labels] for answer in answers])
    assert np.ptp(scores[:, 0]) > 1e-3
    return scores


def run_as_in_2018(path, pictures: np.ndarray, input_name="input", output_name="final_result"):
    """Run a graph as label_image.py of TensorFlow 1 did."""
    graph_def = tf.compat.v1.GraphDef()
    graph_def.ParseFromString(path.read_bytes())
    with tf.Graph().as_default() as graph:
        tf.import_graph_def(graph_def)
        feed = graph.get_operation_by_name(f"import/{input_name}").outputs[0]
        fetch = graph.get_operation_by_name(f"import/{output_name}").outputs[0]
        with tf.compat.v1.Session(graph=graph) as session:
            return session.run(fetch, {feed: to_unit_range(pictures)})


def find_outputs(graph) -> set[str]:
    read = {name.split(":")[0].lstrip("^") for node in graph.node for name in node.input}
    return {node.name for node in graph.node} - read


@pytest.mark.parametrize("name", ["final_result", "out/scores"])
def test_graph_in_a_2018_program_answers_like_predict(
    bundle, converted_backbone, expected, tmp_path, name
):
    views = VIEWS[bundle.views]
    graph = build_graph(converted_backbone, bundle.head, final_tensor_name=name, views=views)
    assert find_outputs(graph) == {name}
    path = tmp_path / "new" / "graph.pb"
    save_graph(graph, path)
    np.testing.assert_allclose(
        run_as_in_2018(path, PICTURES, output_name=name), expected, atol=1e-5
    )
    one_by_one = [run_as_in_2018(path, PICTURES[[n]], output_name=name)[0] for n in range(2)]
    np.testing.assert_allclose(one_by_one, expected[:2], atol=1e-5)


def test_graph_of_inception_has_the_input_mul(
    bundle, converted_backbone, expected, tmp_path, monkeypatch
):
    spec = replace(TEST_BACKBONE, graph_input="Mul")
    monkeypatch.setattr(converted, "get_backbone", lambda name: spec)
    path = tmp_path / "graph.pb"
    save_graph(build_graph(converted_backbone, bundle.head, views=VIEWS[bundle.views]), path)
    np.testing.assert_allclose(run_as_in_2018(path, PICTURES, "Mul"), expected, atol=1e-5)
    picture = save_picture(tmp_path / "a.png", PICTURES[0])
    answer = FrozenGraph(path, bundle.labels).predict_file(picture.read_bytes(), "a.png")
    assert answer.scores == pytest.approx(
        dict(zip(bundle.labels, expected[0], strict=True)), abs=1e-5
    )


NAMES = [
    *("final_result", "a", "Softmax", "MatMul", "add", "weights", "bias", "scores/of/all", ".x"),
    *("Input", "input", "MUL", "backbone", "Backbone/x", "head", "views/a", "input/a", "9"),
    *("", "a b", "a/", "/a", "a//b", "ä", "a:0", "^a", "_a", "-a", "a\n", "features", "pixels"),
]


@pytest.mark.parametrize("name", NAMES)
def test_tensor_name_is_rejected_by_the_settings_or_used_in_the_graph(
    bundle, converted_backbone, photos, name
):
    try:
        TrainConfig(photos, final_tensor_name=name)
    except ConfigError as error:
        assert error.field == "final_tensor_name"  # noqa: PT017 (either outcome is correct)
        assert name not in ("final_result", "a", "Softmax", "weights", "scores/of/all")
        return
    views = VIEWS[bundle.views]
    graph = build_graph(converted_backbone, bundle.head, final_tensor_name=name, views=views)
    assert find_outputs(graph) == {name}


def test_saved_model_answers_like_predict(bundle, converted_backbone, expected, tmp_path):
    graph = build_graph(converted_backbone, bundle.head, views=VIEWS[bundle.views])
    folder = tmp_path / "saved"
    save_saved_model(graph, bundle.labels, folder, graph_input="input")
    serve = tf.saved_model.load(str(folder)).signatures["serving_default"]
    (scores,) = serve(image=tf.constant(to_unit_range(PICTURES))).values()
    np.testing.assert_allclose(scores, expected, atol=1e-5)
    assert list(serve.structured_outputs) == ["prediction"]
    assert (folder / LABELS_FILE).read_text("utf-8").splitlines() == list(bundle.labels)
    save_saved_model(graph, ("x", "y"), folder, graph_input="input")  # replaces the older one
    assert (folder / LABELS_FILE).read_text("utf-8") == "x\ny\n"
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_graph_of_one_view_has_no_view_nodes(converted_backbone, trained):
    head = choose_bundle(None, trained).head
    plain = build_graph(converted_backbone, head)
    sky = build_graph(converted_backbone, head, views=SKY_VIEWS)
    assert len(plain.node) < len(sky.node)
    assert not [node.name for node in plain.node if node.name.startswith("views")]


def test_labels_are_saved_one_per_line(tmp_path):
    labels = ("Kugelhäufen", "🔭 open", 'it\'s "quoted"')
    save_labels(labels, tmp_path / "labels.txt")
    assert (tmp_path / "labels.txt").read_text("utf-8").splitlines() == list(labels)


def test_frozen_graph_answers_like_its_bundle(trained, tmp_path):
    labels = tuple(trained.retrained_labels.read_text("utf-8").splitlines())
    frozen = FrozenGraph(trained.retrained_graph, labels)
    predictor = Predictor(choose_bundle(None, trained), trained)
    for seed in range(3):
        path = save_picture(tmp_path / "a.png", draw_blob(seed, (90, 90, 200), 70))
        expected = predictor.predict_file(path.read_bytes(), path.name)
        answer = frozen.predict_file(path.read_bytes(), path.name)
        assert answer.label == expected.label
        assert list(answer.scores) == list(expected.scores)
        assert answer.scores == pytest.approx(dict(expected.scores), abs=1e-5)
        assert answer.seconds > 0
    with pytest.raises(ImageError):
        frozen.predict_file(b"not a picture", "a.png")


def write_graph(path, build) -> None:
    with tf.Graph().as_default() as graph:
        build()
    path.write_bytes(graph.as_graph_def().SerializeToString())


def build_two_outputs() -> None:
    pixels = tf.compat.v1.placeholder(tf.float32, (None, 8, 8, 3), name="input")
    tf.identity(pixels, name="a")
    tf.identity(pixels, name="b")


def build_without_size() -> None:
    pixels = tf.compat.v1.placeholder(tf.float32, (None, None, None, 3), name="input")
    tf.reduce_mean(pixels, axis=(1, 2), name="final_result")


def build_without_rank() -> None:
    tf.identity(tf.compat.v1.placeholder(tf.float32, name="input"), name="final_result")


def build_without_input() -> None:
    tf.identity(tf.compat.v1.placeholder(tf.float32, (1, 8, 8, 3), name="image"), name="a")


@pytest.mark.parametrize(
    "build", [build_two_outputs, build_without_size, build_without_rank, build_without_input]
)
def test_graph_that_was_not_retrained_is_rejected(tmp_path, build):
    path = tmp_path / "graph.pb"
    write_graph(path, build)
    with pytest.raises(BundleError, match="is not a retrained graph") as caught:
        FrozenGraph(path, ("a", "b", "c"))
    assert caught.value.path == path


@pytest.mark.parametrize("content", [b"", b"not a graph", bytes(1000)])
def test_file_that_is_not_a_graph_is_rejected(tmp_path, content):
    path = tmp_path / "graph.pb"
    path.write_bytes(content)
    with pytest.raises(BundleError, match="is not a retrained graph"):
        FrozenGraph(path, ("a", "b"))


@pytest.mark.parametrize("labels", [(), ("a",), ("a", "b", "c")])
def test_wrong_number_of_labels_is_rejected(trained, labels):
    with pytest.raises(BundleError, match=f"has 2 classes, but the labels file has {len(labels)}:"):
        FrozenGraph(trained.retrained_graph, labels)


def test_bundle_and_graph_have_the_same_weights(trained, tmp_path):
    bundle = load_bundle(choose_folder(trained))
    graph = tf.compat.v1.GraphDef.FromString(trained.retrained_graph.read_bytes())
    (weights,) = (node for node in graph.node if node.name == "head/weights")
    stored = tf.make_ndarray(weights.attr["value"].tensor)
    np.testing.assert_allclose(
        stored * np.float32(bundle.head.temperature), bundle.head.weights, rtol=1e-5
    )


def choose_folder(workspace):
    return workspace.bundles / choose_bundle(None, workspace).name


@pytest.mark.parametrize("labels", [("a", "a"), ("a", ""), (" ", "b")])
def test_empty_and_duplicate_labels_are_rejected(trained, labels):
    with pytest.raises(BundleError, match=r"Line \d of the labels file .* (repeats|is empty)"):
        FrozenGraph(trained.retrained_graph, labels)


@pytest.mark.parametrize("location", ["in the graph", "in a function"])
def test_graph_that_writes_files_is_rejected(tmp_path, location):
    def write(picture):
        with tf.control_dependencies([tf.io.write_file(str(tmp_path / "written"), "x")]):
            return tf.reduce_mean(picture, axis=(1, 2))[:, :2]

    with tf.Graph().as_default() as graph:
        picture = tf.compat.v1.placeholder(tf.float32, (None, 8, 8, 3), name="input")
        scores = tf.function(write)(picture) if location == "in a function" else write(picture)
        tf.identity(scores, name="final_result")
    path = tmp_path / "foreign.pb"
    path.write_bytes(graph.as_graph_def().SerializeToString())
    with pytest.raises(BundleError, match="contains the operation WriteFile"):
        FrozenGraph(path, ("a", "b"))
    assert not (tmp_path / "written").exists()


def test_unreadable_graph_is_reported(trained, monkeypatch):
    def refuse(path):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(type(trained.root), "read_bytes", refuse)
    with pytest.raises(BundleError, match=r"could not be opened \(Permission denied\)"):
        FrozenGraph(trained.retrained_graph, ("a", "b"))
