"""The workspace that cases start from: files of an earlier version, a dataset, and a new model."""

from __future__ import annotations

import json
import os
import shutil
from datetime import datetime
from pathlib import Path

from cluster_core.answers.records import KeptAnswer, Review
from cluster_core.answers.rooms import create_room, find_room
from cluster_core.data.confirmed_labels import confirm_label
from cluster_core.data.counter_classes import tick_counter_class
from cluster_core.data.declared_groups import GROUPS_FILE, mark_same_object
from cluster_core.health import Finding, FindingKind, accept_finding
from cluster_core.model.backbones.registry import TEST_BACKBONE
from cluster_core.model.bundle.collection import set_default_model
from cluster_core.model.prediction.prediction import Limits, Prediction
from cluster_core.storage.cache_file import CacheFile
from cluster_core.storage.hashing import hash_file
from cluster_core.training.config import TrainConfig
from cluster_core.training.runs.evaluation_record import save_evaluation
from cluster_core.workspace import Workspace
from tests.fuzz.published import write_page
from tests.fuzz.queues import write_queue
from tests.samples import OWNER, write_photos

FIXTURE = Path(__file__).parents[1] / "fixtures" / "0.0"
DATASET = "colours"
N_PICTURES_PER_CLASS = 8
# The name of a folder in `.incoming`.
INTERRUPTED = "1a2b3c4d5e6f40718293a4b5c6d7e8f9"
# The name of a folder in `.answers`, and what its answers are about.
ROOM = "0123456789abcdef0123456789abcdef"
ROOM_MODEL, ROOM_LABELS = "model", ("blue stars", "red stars")


def build_sample(root: Path) -> None:
    """Write the sample workspace. It takes seconds, mostly for TensorFlow."""
    from cluster_core.data.thumbnails import ThumbnailCache
    from cluster_core.training.train import train

    workspace = Workspace(root)
    shutil.copytree(FIXTURE / "workspace", root)
    _date_manifests(workspace)
    photos = write_photos(root / f"{DATASET}_photos", N_PICTURES_PER_CLASS)
    confirm_label(OWNER, photos, "0" * 64, "red stars")
    some = sorted(photos.glob("*/*"))[:3]
    mark_same_object(OWNER, photos, [hash_file(path) for path in some])
    (photos / GROUPS_FILE).write_text(f"file,group\n{some[0].name},one\n", "utf-8")
    accept_finding(OWNER, photos, Finding(FindingKind.SHORTCUT, (), "The size alone ", 1.0))
    tick_counter_class(OWNER, photos, "galaxies", True)
    # The default: it answers faster than the models of the fixture.
    result = train(make_quick_config(workspace), workspace)
    set_default_model(OWNER, workspace, result.folder.name)
    # The runs of the fixture are of a version without evaluations.
    for folder in sorted(workspace.runs.iterdir()):
        save_evaluation(folder, result.evaluation)
    _interrupt_import(workspace, sorted(photos.glob("*/*"))[:2])
    _keep_answers(workspace, sorted(photos.glob("*/*"))[:2])
    write_queue(workspace, sorted(photos.glob("*/*"))[:4], ROOM_LABELS)
    write_page(workspace)
    with CacheFile(workspace.bottlenecks) as cache:
        ThumbnailCache(cache).get_many(sorted(photos.glob("*/*")))


def make_quick_config(workspace: Workspace) -> TrainConfig:
    """Return the settings of a training that takes less than a second."""
    return TrainConfig(
        workspace.root / f"{DATASET}_photos",
        architecture=TEST_BACKBONE.name,
        how_many_training_steps=20,
        learning_rate=0.5,
        testing_percentage=20,
        validation_percentage=20,
    )


def list_sample_files(root: Path) -> list[str]:
    """Return the paths of all files of a workspace, relative to it, in a fixed order."""
    return sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file())


def _interrupt_import(workspace: Workspace, pictures: list[Path]) -> None:
    """Write what is left of an import whose process was killed before it placed anything."""
    folder = workspace.incoming / INTERRUPTED
    folder.mkdir(parents=True)
    names = [f"new {path.name}" for path in pictures]
    files = [
        {"staged": str(number), "label": "new stars", "file_name": name}
        for number, name in enumerate(names)
    ]
    for number, path in enumerate(pictures):
        # What follows the end of a PNG is ignored, but makes it another picture.
        (folder / str(number)).write_bytes(path.read_bytes() + b"new")
    record = {"dataset": DATASET, "labels": ["new stars"], "files": files}
    (folder / "placing.json").write_text(json.dumps(record), "ascii")


def _keep_answers(workspace: Workspace, pictures: list[Path]) -> None:
    """Keep an answer, a review and a problem, as Classify does."""
    room = create_room(workspace)
    os.rename(workspace.answers / room.id, workspace.answers / ROOM)
    room = find_room(workspace, ROOM)
    scores = dict(zip(ROOM_LABELS, (0.75, 0.25), strict=True))
    answers = (
        KeptAnswer(
            Prediction(ROOM_LABELS[0], scores, 0.01, novelty=0.5, limits=Limits(0.6, 0.4)),
            None,
            {"OBJECT": "M 13"},
        ),
        KeptAnswer(None, "It is empty."),
    )
    for path, answer in zip(pictures, answers, strict=True):
        number = room.add_picture(path.name, path.read_bytes()).number
        room.keep_answer(number, ROOM_MODEL, answer, ROOM_LABELS, b"a thumbnail")
        room.review([number], Review("new stars"))


def _date_manifests(workspace: Workspace) -> None:
    """Date models to their trainings; Git does not keep dates."""
    for manifest in workspace.bundles.glob("*/manifest.json"):
        created = datetime.fromisoformat(json.loads(manifest.read_text("utf-8"))["created"])
        os.utime(manifest, (created.timestamp(), created.timestamp()))
