"""Make a model from a trained head, and export graphs. Importing this loads TensorFlow."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import filelock
from tensorflow.compat.v1 import GraphDef

from cluster_core.data.index import DatasetIndex
from cluster_core.evaluation.scores import Metrics
from cluster_core.model.backbones.converted import ConvertedBackbone
from cluster_core.model.backbones.preprocessing import Preprocessing
from cluster_core.model.bundle.bundle import BackboneReference, ModelBundle
from cluster_core.model.export.frozen_graph import (
    build_graph,
    save_graph,
    save_labels,
    save_saved_model,
)
from cluster_core.model.head.head import Head
from cluster_core.model.head.training import FittedHead
from cluster_core.training.choice.decision import NetworkChoice
from cluster_core.training.config import AUTOMATIC, TrainConfig
from cluster_core.training.outputs import TrainingOutputs
from cluster_core.workspace import Workspace


def assemble_bundle(
    config: TrainConfig,
    index: DatasetIndex,
    backbone: ConvertedBackbone,
    fitted: FittedHead,
    metrics: Metrics,
) -> ModelBundle:
    """Return a model with a record of how it was trained.

    Parameters
    ----------
    config : TrainConfig
        Settings of the training.
    index : DatasetIndex
        The dataset it learned from.
    backbone : ConvertedBackbone
        The network whose features the head takes.
    fitted : FittedHead
        The trained and calibrated head.
    metrics : Metrics
        Result of the final test.
    """
    now = datetime.now(UTC)
    return ModelBundle(
        name=f"{now:%Y%m%d-%H%M%S-%f}-{config.architecture}",
        created=now.isoformat(timespec="seconds"),
        labels=index.labels,
        backbone=BackboneReference(backbone.name, backbone.weights_sha256),
        preprocessing=Preprocessing(config.backbone.input_size_px),
        views="sky" if config.uses_sky_views else "plain",
        head=fitted.head,
        metrics={
            "test": metrics.to_record(),
            "steps_run": fitted.n_steps,
            "step_kept": fitted.step,
        },
        dataset={
            "image_dir": index.image_dir.name,
            "sha256": index.sha256,
            "counts": dict(index.counts),
            "counter_counts": {name: index.all_counts[name] for name in index.counter_labels},
            "rejected": len(index.rejected),
        },
        settings=config.to_record(),
    )


def record_choice(bundle: ModelBundle, choice: NetworkChoice) -> ModelBundle:
    """Return a model that also records that its network was chosen, and how."""
    return replace(
        bundle,
        settings={**bundle.settings, "architecture": AUTOMATIC},
        metrics={**bundle.metrics, "network_choice": choice.to_record()},
    )


def make_graph(config: TrainConfig, backbone: ConvertedBackbone, head: Head) -> GraphDef:
    """Return the graph of backbone and head, with the configured views and output name."""
    return build_graph(
        backbone, head, final_tensor_name=config.final_tensor_name, views=config.views
    )


def export(
    config: TrainConfig,
    workspace: Workspace,
    outputs: TrainingOutputs,
    graph: GraphDef,
    labels: tuple[str, ...],
) -> None:
    """Write the graph, the labels and, if configured, a SavedModel, replacing older ones.

    Parameters
    ----------
    config : TrainConfig
        Names the graph's input and output.
    workspace : Workspace
        Holds the lock that serializes exports.
    outputs : TrainingOutputs
        The paths to write to.
    graph : GraphDef
    labels : tuple of str
        The class names, in the order of the graph's scores.

    Raises
    ------
    OSError
        A file cannot be written.
    """
    # Without the lock, two trainings that end together could mix one's graph and other's labels.
    with filelock.FileLock(workspace.export_lock):
        save_graph(graph, outputs.output_graph)
        save_labels(labels, outputs.output_labels)
        if outputs.saved_model_dir:
            save_saved_model(
                graph,
                labels,
                outputs.saved_model_dir,
                graph_input=config.backbone.graph_input,
                final_tensor_name=config.final_tensor_name,
            )
