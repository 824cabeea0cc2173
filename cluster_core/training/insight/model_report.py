"""Report a model without a record of its run, from the pictures of its dataset."""

from __future__ import annotations

from pathlib import Path

from cluster_core.data.index import DatasetIndex, Progress, scan_dataset
from cluster_core.errors import RunError
from cluster_core.evaluation.learned_pictures import divide_learned
from cluster_core.evaluation.report.content import Report
from cluster_core.model.bundle.bundle import ModelBundle
from cluster_core.storage.cache_file import CacheFile
from cluster_core.training.insight.run_evaluation import evaluate_sides
from cluster_core.workspace import Workspace


def report_model(
    bundle: ModelBundle, workspace: Workspace, on_progress: Progress = lambda done, total: None
) -> Report:
    """Cross-validate the dataset that a model learned from, and test it with the other pictures.

    Parameters
    ----------
    bundle : ModelBundle
        A model that was trained with a command, for which no run is kept.
    workspace : Workspace
        The dataset is the folder of its name in the workspace or in the current folder, if the
        model learned from pictures in it.
    on_progress : callable, optional
        Called with the numbers of pictures done and in all.

    Raises
    ------
    RunError
        There is no such folder, or the cache cannot be used.
    DatasetError, BackboneError, ImageError
        The dataset, the network or a picture cannot be used.
    """
    index = _find_dataset(bundle, workspace, on_progress)
    pictures = [picture for picture in index.pictures if picture.label in bundle.labels]
    sides = divide_learned(bundle, pictures)
    evaluation = evaluate_sides(bundle, sides, workspace, on_progress)
    notes: tuple[str, ...] = (
        (f"Not cross-validated: {evaluation.problem}",) if evaluation.problem else ()
    )
    if index.sha256 != bundle.dataset.get("sha256"):
        notes += (f"{index.image_dir.name} has changed since the training.",)
    return Report(
        f"{index.image_dir.name} with {bundle.backbone.name}",
        bundle,
        evaluation.test,
        f"pictures of {index.image_dir.name} that it did not learn from",
        index.image_dir,
        {
            "folder": index.image_dir.name,
            "SHA-256 of the data": index.sha256,
            **{f"pictures of {label}": count for label, count in index.counts.items()},
        },
        evaluation.cross_validation,
        f"python -m cluster_core evaluate {bundle.name}",
        tuple(notes),
    )


def _find_dataset(bundle: ModelBundle, workspace: Workspace, on_progress: Progress) -> DatasetIndex:
    name = bundle.dataset.get("image_dir")
    # The name comes from a file, which may be from elsewhere.
    if isinstance(name, str) and name not in ("", "..") and Path(name).name == name:
        for image_dir in (workspace.root / name, Path(name)):
            if not image_dir.is_dir():
                continue
            with CacheFile(workspace.bottlenecks) as cache:
                index = scan_dataset(image_dir, cache, on_progress)
            if divide_learned(bundle, index.pictures)[0]:
                return index
    where = f" ({name})" if isinstance(name, str) and name else ""
    raise RunError(
        f"The model {bundle.name} was not trained in the app of this workspace, and its dataset"
        f"{where} is not in {workspace.root} or in this folder: name a folder of labelled "
        "pictures as well."
    )
