"""Write a model in the formats of TensorFlow, Keras and ONNX. Importing this loads TensorFlow."""

from __future__ import annotations

import logging
import warnings
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from tensorflow.python.framework.convert_to_constants import (
    convert_variables_to_constants_v2,
)

from cluster_core.errors import BackboneError
from cluster_core.model.backbones.conversion import prepare_backbone
from cluster_core.model.backbones.registry import get_backbone
from cluster_core.model.backbones.trained_network import load_trained_network
from cluster_core.model.bundle.bundle import ModelBundle
from cluster_core.model.export.description import (
    DESCRIPTION_FILE,
    describe_export,
    format_description,
    format_labels,
)
from cluster_core.model.export.formats import ExportFormat
from cluster_core.model.export.frozen_graph import LABELS_FILE, build_graph, save_graph
from cluster_core.model.export.tflite_metadata import TFLiteTexts, add_metadata
from cluster_core.model.export.whole_model import IMAGE, build_resized_model, build_whole_model
from cluster_core.workspace import RETRAINED_LABELS, Workspace

GRAPH_FILE = "retrained_graph.pb"
_ONNX_OPSET = 17


def save_keras(bundle: ModelBundle, workspace: Workspace, path: Path) -> None:
    """Write a `.keras` file, with the labels and the description as two more files inside."""
    _build(bundle, workspace).save(path)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(LABELS_FILE, format_labels(bundle))
        archive.writestr(DESCRIPTION_FILE, format_description(bundle, ExportFormat.KERAS))


def save_saved_model(bundle: ModelBundle, workspace: Workspace, folder: Path) -> None:
    """Write a SavedModel folder.

    Its signature `serving_default` takes `image`, uint8; `from_float` the same as float32.
    """
    model = _build(bundle, workspace)
    archive = keras.export.ExportArchive()
    archive.track(model)
    for name, dtype in (("serving_default", tf.uint8), ("from_float", tf.float32)):
        archive.add_endpoint(
            name, lambda image: model(tf.cast(image, tf.float32)), [_specify_image(dtype)]
        )
    archive.write_out(str(folder), verbose=False)
    (folder / LABELS_FILE).write_text(format_labels(bundle), "utf-8")
    description = format_description(bundle, ExportFormat.SAVED_MODEL)
    (folder / DESCRIPTION_FILE).write_text(description, "utf-8")


def save_onnx(bundle: ModelBundle, workspace: Workspace, path: Path) -> None:
    """Write an ONNX file; its metadata has the description.

    Raises
    ------
    BackboneError
        If the network cannot be converted.
    """
    import tf2onnx

    logging.getLogger("tf2onnx").setLevel(logging.CRITICAL)  # it works on after what it reports
    model = _build(bundle, workspace)

    run = tf.function(lambda image: model(tf.cast(image, tf.float32)))
    concrete = run.get_concrete_function(_specify_image(tf.uint8))
    # Without functions and variables, which tf2onnx does not follow into every layer.
    frozen = convert_variables_to_constants_v2(concrete, aggressive_inlining=True)
    names = sorted(concrete.structured_outputs)  # as TensorFlow orders the outputs of a dict
    outputs = [tensor.name for tensor in frozen.outputs]
    try:
        converted, _ = tf2onnx.convert.from_graph_def(
            frozen.graph.as_graph_def(),
            input_names=[frozen.inputs[0].name],
            output_names=outputs,
            opset=_ONNX_OPSET,
            tensors_to_rename={
                frozen.inputs[0].name: IMAGE,
                **dict(zip(outputs, names, strict=True)),
            },
        )
    except Exception as error:  # tf2onnx raises many types for what it cannot convert
        raise BackboneError(
            f"The network {bundle.backbone.name} cannot be converted to ONNX "
            f"({type(error).__name__}): choose another format.",
            name=bundle.backbone.name,
        ) from error
    description = describe_export(bundle, ExportFormat.ONNX)
    texts = description | {"labels": "\n".join(bundle.labels)}
    texts[DESCRIPTION_FILE] = format_description(bundle, ExportFormat.ONNX)
    for key, value in texts.items():
        converted.metadata_props.add(key=key, value=str(value))
    path.write_bytes(converted.SerializeToString())


def save_tflite(
    bundle: ModelBundle, workspace: Workspace, path: Path, examples: Sequence[np.ndarray] = ()
) -> None:
    """Write a TensorFlow Lite file with its labels.

    Parameters
    ----------
    bundle : ModelBundle
        The model.
    workspace : Workspace
        The workspace of its network.
    path : Path
        The file to write.
    examples : sequence of ndarray of uint8, (size, size, 3)
        If there are any, weights and features become whole numbers of 8 bits, whose ranges are
        taken from these pictures.
    """
    network = load_trained_network(bundle.backbone.name, bundle.backbone.weights_sha256, workspace)
    in_halves = get_backbone(bundle.backbone.name).ships and not examples  # as its weights are
    model = build_resized_model(bundle, network, in_halves=in_halves)
    run = tf.function(model.__call__).get_concrete_function(
        tf.TensorSpec(model.input_shape, tf.uint8, name=IMAGE)
    )
    converter = tf.lite.TFLiteConverter.from_concrete_functions([run], model)
    # Otherwise it passes the network on through a temporary folder, which may be full.
    converter.experimental_lower_to_saved_model = False
    if examples:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = lambda: _yield_inputs(examples)
    elif in_halves:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.target_spec.supported_types = [tf.float16]
    description = describe_export(bundle, ExportFormat.TFLITE)
    texts = TFLiteTexts(
        name=bundle.name,
        description=f"{description['program']}; {description['verdict']}",
        input_text=description["input"],
        output_text=description["output"],
        labels_file=LABELS_FILE,
    )
    files = {
        LABELS_FILE: format_labels(bundle),
        DESCRIPTION_FILE: format_description(bundle, ExportFormat.TFLITE),
    }
    with warnings.catch_warnings():
        # It asks for statistics of the pixels, which are whole numbers already.
        warnings.filterwarnings("ignore", "Statistics for quantized inputs", UserWarning)
        content = converter.convert()
    path.write_bytes(add_metadata(content, texts, files))


def save_frozen_graph(bundle: ModelBundle, workspace: Workspace, folder: Path) -> None:
    """Write a folder with the graph and the labels, as `retrain` names them.

    Raises
    ------
    BackboneError
        If the weights of its network are missing, or are others.
    """
    spec, wanted = get_backbone(bundle.backbone.name), bundle.backbone.weights_sha256
    backbone = prepare_backbone(spec, workspace.models, workspace.backbones)
    if backbone.weights_sha256 != wanted:
        load_trained_network(spec.name, wanted, workspace)  # raises
    folder.mkdir()
    save_graph(build_graph(backbone, bundle.head, views=bundle.view_list), folder / GRAPH_FILE)
    (folder / RETRAINED_LABELS).write_text(format_labels(bundle), "utf-8")
    description = format_description(bundle, ExportFormat.GRAPH)
    (folder / DESCRIPTION_FILE).write_text(description, "utf-8")


def _build(bundle: ModelBundle, workspace: Workspace) -> keras.Model:
    network = load_trained_network(bundle.backbone.name, bundle.backbone.weights_sha256, workspace)
    return build_whole_model(bundle, network)


def _specify_image(dtype: tf.DType) -> tf.TensorSpec:
    return tf.TensorSpec((None, None, None, 3), dtype, name=IMAGE)


def _yield_inputs(examples: Sequence[np.ndarray]) -> Iterator[list[np.ndarray]]:
    for pixels in examples:
        yield [pixels[np.newaxis]]
