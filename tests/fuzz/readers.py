"""Everything in the core that reads a workspace, called on whatever is in it."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

from click.testing import Result

from cluster_core import check, classify, download, evaluate, label_image
from cluster_core.answers.rooms import find_room
from cluster_core.answers.sorting import sort_pictures, stream_zip
from cluster_core.data.archives.dataset_archive import write_archive
from cluster_core.data.catalog import dataset_dir, list_datasets
from cluster_core.data.class_folders import list_files
from cluster_core.data.confirmed_labels import load_confirmed
from cluster_core.data.editing.classes import list_classes
from cluster_core.data.index import scan_dataset
from cluster_core.data.signature import compute_signature
from cluster_core.data.splits import split_dataset
from cluster_core.data.thumbnails import ThumbnailCache
from cluster_core.errors import ClusterError
from cluster_core.evaluation.report.html import make_html, make_json
from cluster_core.model.bundle.archive import export_model
from cluster_core.model.bundle.collection import list_models
from cluster_core.model.bundle.selection import choose_bundle
from cluster_core.storage.cache_file import CacheFile
from cluster_core.storage.trash import list_trash
from cluster_core.trained_model import load_model
from cluster_core.training.insight.curves import smooth_curve
from cluster_core.training.insight.estimates import estimate_speed
from cluster_core.training.insight.run_report import report_run
from cluster_core.training.runs import (
    find_queue_position,
    list_runs,
    load_choice,
    load_config,
    load_evaluations,
    load_result,
    load_reviewed,
    load_status,
    read_log,
)
from cluster_core.workspace import DATASET_SUFFIX, Workspace
from tests.fuzz.case import Case
from tests.fuzz.commands import run_command
from tests.fuzz.published import read_pages
from tests.fuzz.queues import read_queues
from tests.fuzz.sample import DATASET, ROOM, ROOM_LABELS, ROOM_MODEL

T = TypeVar("T")
RUN_READERS: Sequence[Callable[[Workspace, str], object]] = (
    load_status,
    load_choice,
    load_config,
    load_evaluations,
    load_reviewed,
    read_log,
    find_queue_position,
)
SPEED_OF = ("sky", "random")


def read_models(case: Case) -> None:
    """List the models, and load and export each."""
    workspace = case.workspace
    models = case.try_out("list_models", partial(list_models, workspace))
    for model in () if isinstance(models, ClusterError) else models:
        case.try_out(f"load_model {model.id}", partial(load_model, model.id, workspace))
        case.try_out(f"export_model {model.id}", partial(export_model, workspace, model.id))
    case.try_out("choose_bundle", partial(choose_bundle, None, workspace))
    for name in SPEED_OF:
        case.try_out(f"estimate_speed {name}", partial(estimate_speed, workspace, name))


def read_runs(case: Case) -> None:
    """List the runs, and load all records of each."""
    runs = case.try_out("list_runs", partial(list_runs, case.workspace))
    for run in () if isinstance(runs, ClusterError) else runs:
        for reader in RUN_READERS:
            case.try_out(f"{reader.__name__} {run.id}", partial(reader, case.workspace, run.id))
        case.try_out(f"load_result {run.id}", partial(_use_result, case.workspace, run.id))
        case.try_out(f"smooth_curve {run.id}", partial(_use_curve, case.workspace, run.id))
        case.try_out(f"report_run {run.id}", partial(_use_evaluation, case.workspace, run.id))


def read_datasets(case: Case) -> None:
    """Scan, split, show and export the datasets."""
    datasets = case.try_out("list_datasets", partial(list_datasets, case.workspace))
    for name in () if isinstance(datasets, ClusterError) else datasets:
        image_dir = dataset_dir(case.workspace, name)
        case.try_out(f"list_classes {name}", partial(list_classes, image_dir))
        case.try_out(f"load_confirmed {name}", partial(load_confirmed, image_dir))
        case.try_out(f"compute_signature {name}", partial(compute_signature, image_dir))
        case.try_out(f"scan and split {name}", partial(_scan_and_split, case.workspace, name))
        case.try_out(f"thumbnails of {name}", partial(_make_thumbnails, case.workspace, name))
        case.try_out(f"write_archive {name}", partial(write_archive, image_dir, io.BytesIO()))


def read_trash(case: Case) -> None:
    """List the trash."""
    case.try_out("list_trash", partial(list_trash, case.workspace))


def read_answers(case: Case) -> None:
    """Read the kept answers, and pack the pictures sorted."""
    case.try_out("find_room", partial(_use_room, case.workspace))


def run_label(case: Case) -> Result:
    """Label a picture with the model that answers."""
    return run_command(case, label_image.main, ["--image", _choose_picture(case)])


def run_label_with_sky(case: Case) -> None:
    """Label a picture with a model of the shipped network."""
    folder = min(map(str, case.workspace.bundles.glob("*-sky")), default="none")
    run_command(case, label_image.main, ["--image", _choose_picture(case), "--graph", folder])


def run_label_with_graph(case: Case) -> None:
    """Label a picture with the frozen graph of the workspace."""
    graph = ["--graph", str(case.workspace.retrained_graph)]
    run_command(case, label_image.main, ["--image", _choose_picture(case), *graph])


def run_classify(case: Case) -> None:
    """Label all pictures of the workspace."""
    output = case.folder / "answers.csv"
    run_command(case, classify.main, [str(case.workspace.root), "--output", str(output)])


def run_check(case: Case) -> None:
    """Check the dataset of the sample."""
    run_command(case, check.main, [str(case.workspace.root / f"{DATASET}{DATASET_SUFFIX}")])


def run_evaluate(case: Case) -> None:
    """Evaluate the model that answers on the dataset of the sample, and write a report."""
    folder, page = case.workspace.root / f"{DATASET}{DATASET_SUFFIX}", case.folder / "report.html"
    run_command(case, evaluate.main, [str(folder), "--json", "--html", str(page)])


def run_download(case: Case) -> None:
    """Download to a class that has a record of downloads; the only address is not a public one."""
    addresses = case.folder / "addresses.txt"
    addresses.write_text("http://127.0.0.1/view.jpg")
    output = case.workspace.cluster_photos / "open clusters"
    run_command(case, download.main, ["--urls", str(addresses), "--output", str(output)])


def evaluate_model(case: Case) -> None:
    """Test the model that answers on the dataset of the sample."""
    image_dir = case.workspace.root / f"{DATASET}{DATASET_SUFFIX}"
    case.try_out("evaluate", lambda: load_model(None, case.workspace).evaluate(image_dir))


READERS: Sequence[Callable[[Case], object]] = (
    read_models,
    read_runs,
    read_datasets,
    read_trash,
    read_answers,
    read_queues,
    read_pages,
    run_label,
    run_label_with_sky,
    run_classify,
    run_check,
    run_evaluate,
    run_download,
    evaluate_model,
)


def _choose_picture(case: Case) -> str:
    return next(
        iter(sorted(map(str, (case.workspace.root / "test_photos").glob("*")))), "none.webp"
    )


def _use_result(workspace: Workspace, run_id: str) -> object:
    """Load a result and compute everything the pages show of it."""
    result = load_result(workspace, run_id)
    if result is None:
        return None
    metrics = result.metrics
    shown = (metrics.to_record(), metrics.classes, metrics.misclassified, metrics.accuracy)
    return shown, [one.interval for one in metrics.classes], result.counts, result.rejected


def _use_evaluation(workspace: Workspace, run_id: str) -> object:
    """Report a run with everything that the pages show of its evaluation."""
    report = report_run(workspace, run_id)
    return make_json(report), make_html(report, workspace)


def _use_room(workspace: Workspace) -> object:
    room = find_room(workspace, ROOM)
    if room is None:
        return None
    answers = [room.find_answer(number, ROOM_MODEL, ROOM_LABELS) for number in room.pictures]
    pictures = sort_pictures(room, room.pictures, ROOM_MODEL, ROOM_LABELS)
    return answers, sum(map(len, stream_zip(pictures, b"")))


def _use_curve(workspace: Workspace, run_id: str) -> object:
    return smooth_curve(load_evaluations(workspace, run_id))


def _scan_and_split(workspace: Workspace, name: str) -> object:
    with CacheFile(workspace.bottlenecks) as cache:
        index = scan_dataset(dataset_dir(workspace, name), cache)
    return split_dataset(index, testing_percentage=20, validation_percentage=20)


def _make_thumbnails(workspace: Workspace, name: str) -> object:
    image_dir = dataset_dir(workspace, name)
    with CacheFile(workspace.bottlenecks) as cache:
        thumbnails = ThumbnailCache(cache)
        return [
            thumbnails.get_many(list_files(image_dir / label)) for label in list_classes(image_dir)
        ]
