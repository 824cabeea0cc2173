"""What a training leaves: a model and files for others. Importing this loads TensorFlow."""

from __future__ import annotations

from datetime import UTC, datetime

import filelock
from tensorflow.compat.v1 import GraphDef

from cluster_core.data.index import DatasetIndex
from cluster_core.evaluation.scores import Metrics
from cluster_core.model.backbones.converted import ConvertedBackbone
from cluster_core.model.backbones.preprocessing import Preprocessing
from cluster_core.model.bundle.bundle import BackboneReference, ModelBundle
from cluster_core.model.export.graphs import build_graph, save_graph, save_labels, save_saved_model
from cluster_core.model.head.head import Head
from cluster_core.model.head.training import FittedHead
from cluster_core.training.config import TrainConfig
from cluster_core.training.outputs import TrainingOutputs
from cluster_core.workspace import Workspace


def assemble_bundle(
    config: TrainConfig,
    index: DatasetIndex,
    backbone: ConvertedBackbone,
    preprocessing: Preprocessing,
    head: Head,
    metrics: Metrics,
    fitted: FittedHead,
) -> ModelBundle:
    """Return the model, with all there is to know of how it was made."""
    now = datetime.now(UTC)
    return ModelBundle(
        name=f"{now:%Y%m%d-%H%M%S-%f}-{config.architecture}",
        created=now.isoformat(timespec="seconds"),
        labels=index.labels,
        backbone=BackboneReference(backbone.name, backbone.weights_sha256),
        preprocessing=preprocessing,
        views="sky" if config.uses_sky_views else "plain",
        head=head,
        metrics={
            "test": metrics.to_record(),
            "steps_run": fitted.n_steps,
            "step_kept": fitted.step,
        },
        dataset={
            "image_dir": index.image_dir.name,
            "sha256": index.sha256,
            "counts": dict(index.counts),
            "rejected": len(index.rejected),
        },
        settings=config.to_record(),
    )


def make_graph(config: TrainConfig, backbone: ConvertedBackbone, head: Head) -> GraphDef:
    """Return the graph of a head as the settings want it."""
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
    """Write graph and labels, and a SavedModel if asked: those of the last training to end stay."""
    # Else a training that ends at the same moment might leave its labels beside this graph.
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
