"""Write a model in one format, with pictures and the model's answers to check it against.

`python -m cluster_core.model.export.building` does it in a process of its own, because most
formats load TensorFlow.
"""

from __future__ import annotations

import json
from pathlib import Path

import click
from PIL import Image

from cluster_core.errors import BackboneError, ClusterError
from cluster_core.model.bundle.bundle import ModelBundle
from cluster_core.model.bundle.folder import load_bundle
from cluster_core.model.bundle.summaries import describe_model
from cluster_core.model.export.check_pictures import (
    CheckPicture,
    choose_pictures,
    choose_two_sets,
    is_about_clusters,
    render_pictures,
)
from cluster_core.model.export.formats import ExportFormat, find_obstacle
from cluster_core.model.export.request import EXPECTED, PICTURES, ExportRequest
from cluster_core.model.export.takeaway import TakeawayExtras, save_takeaway
from cluster_core.model.export.web import PageText, export_web
from cluster_core.model.prediction.predictor import Predictor, obtain_backbone
from cluster_core.workspace import Workspace

N_CHECKED = 32
# Numbers of 8 bits change every answer a little, so their loss is measured on more pictures.
N_CHECKED_INT8 = 100
_N_EXAMPLES = 4
_N_THREADS = 2


def build_export(request: ExportRequest, workspace: Workspace, folder: Path) -> None:
    """Write an export, the pictures to check it on, and the answers of the model.

    Parameters
    ----------
    request : ExportRequest
        The model and the format.
    workspace : Workspace
        The workspace of its network and its dataset.
    folder : Path
        Existing, empty folder; gets the export, `PICTURES` and `EXPECTED`.

    Raises
    ------
    BundleError
        If the model is damaged.
    BackboneError
        If the network is missing, or cannot be written in this format.
    OSError
        If the folder cannot be written.
    """
    bundle, kind = load_bundle(request.model), request.kind
    title = describe_model(request.model).title
    backbone = obtain_backbone(bundle, workspace)
    if obstacle := find_obstacle(kind, backbone.name, runs_on_litert=backbone.runs_on_litert):
        raise BackboneError(obstacle, name=backbone.name)
    target = folder / request.file_name
    checked, others = _choose_pictures(request, bundle, workspace)
    _save_pictures(checked, folder / PICTURES)
    _save_answers(bundle, workspace, checked, folder / EXPECTED)
    if kind is ExportFormat.WEB:
        export_web(bundle, workspace, target, PageText(title=title))
    elif kind is ExportFormat.TAKEAWAY:
        n_examples = _N_EXAMPLES if is_about_clusters(bundle) else 0
        examples = [picture.pixels for picture in render_pictures(bundle, n_examples)]
        save_takeaway(bundle, backbone, target, TakeawayExtras(title, examples))
    else:
        _write_with_tensorflow(bundle, kind, workspace, target, others)


def _choose_pictures(
    request: ExportRequest, bundle: ModelBundle, workspace: Workspace
) -> tuple[list[CheckPicture], list[CheckPicture]]:
    """Return the pictures to check, and others, which tell the ranges of 8-bit numbers."""
    if request.is_int8:
        return choose_two_sets(bundle, workspace, N_CHECKED_INT8)
    return choose_pictures(bundle, workspace, N_CHECKED), []


def _write_with_tensorflow(
    bundle: ModelBundle,
    kind: ExportFormat,
    workspace: Workspace,
    target: Path,
    others: list[CheckPicture],
) -> None:
    from cluster_core.model.export import writing

    match kind:
        case ExportFormat.TFLITE:
            shrunk = [bundle.preprocessing.shrink(picture.pixels) for picture in others]
            writing.save_tflite(bundle, workspace, target, shrunk)
        case ExportFormat.ONNX:
            writing.save_onnx(bundle, workspace, target)
        case ExportFormat.KERAS:
            writing.save_keras(bundle, workspace, target)
        case ExportFormat.SAVED_MODEL:
            writing.save_saved_model(bundle, workspace, target)
        case ExportFormat.GRAPH:
            writing.save_frozen_graph(bundle, workspace, target)


def _save_pictures(pictures: list[CheckPicture], folder: Path) -> None:
    folder.mkdir()
    for number, picture in enumerate(pictures):
        Image.fromarray(picture.pixels).save(folder / f"{number:03}.png", compress_level=1)


def _save_answers(
    bundle: ModelBundle, workspace: Workspace, pictures: list[CheckPicture], path: Path
) -> None:
    predictor = Predictor(bundle, workspace, _N_THREADS)
    answers = []
    for picture in pictures:
        answer = predictor.predict_resized(bundle.preprocessing.shrink(picture.pixels))
        verdict = answer.label if answer.verdict == "label" else str(answer.verdict)
        answers.append(
            {
                "scores": [answer.scores[label] for label in bundle.labels],
                "novelty": answer.novelty,
                "verdict": verdict,
                "label": bundle.labels.index(picture.label) if picture.label else None,
            }
        )
    path.write_text(json.dumps(answers), "utf-8")


@click.command(help="Write a model in one format, with pictures and answers to check it against.")
@click.argument("model", type=click.Path(path_type=Path))
@click.argument("kind", type=click.Choice([str(kind) for kind in ExportFormat]))
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--workspace", type=click.Path(path_type=Path), required=True)
@click.option("--int8", "is_int8", is_flag=True)
def main(model: Path, kind: str, folder: Path, workspace: Path, *, is_int8: bool) -> None:
    """Build one export; an error is one line on standard error, and exit code 1."""
    try:
        build_export(
            ExportRequest(model, ExportFormat(kind), is_int8), Workspace(workspace), folder
        )
    except (ClusterError, OSError, MemoryError) as error:
        raise click.ClickException(str(error) or "memory ran out") from error


if __name__ == "__main__":
    main()
