"""Import .zip files of models and datasets that are damaged, or made to do harm."""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from cluster_core.data.archives.dataset_archive import import_archive, write_archive
from cluster_core.data.catalog import dataset_dir
from cluster_core.data.editing.classes import list_classes
from cluster_core.errors import ClusterError
from cluster_core.model.bundle.archive import import_model
from cluster_core.model.bundle.collection import list_models
from cluster_core.trained_model import load_model
from cluster_core.workspace import Workspace
from tests.fuzz.case import Case, FaultError
from tests.fuzz.checks import require_everything_listed
from tests.fuzz.damage import flip_bytes
from tests.fuzz.hostile_zips import HOSTILE_DATASETS, HOSTILE_MODELS
from tests.fuzz.keeping import Belongings
from tests.fuzz.memory import limited_memory
from tests.fuzz.readers import read_datasets, read_models
from tests.fuzz.sample import DATASET, FIXTURE, INTERRUPTED
from tests.samples import OWNER

MODEL_MEMORY_MB = 250.0
DATASET_MEMORY_MB = 400.0


def import_model_archive(case: Case) -> None:
    """Import a bad model archive; all models are listed after that, and a good one imports."""
    data = _choose_archive(case, FIXTURE / "model.zip", HOSTILE_MODELS)
    before = Belongings.of(case.workspace)
    with limited_memory(MODEL_MEMORY_MB):
        added = case.try_out(
            "import_model", partial(import_model, OWNER, case.workspace, io.BytesIO(data))
        )
    if not isinstance(added, ClusterError) and added.is_usable:
        case.try_out("answer", partial(_answer, case.workspace, added.id))
    read_models(case)
    require_everything_listed(case)
    import_good_model(case)
    before.require_unchanged(Belongings.of(case.workspace))


def import_dataset_archive(case: Case) -> None:
    """Import a bad dataset archive into a new or an existing dataset, and read all of them."""
    data = _choose_archive(case, FIXTURE / "dataset.zip", HOSTILE_DATASETS)
    image_dir = dataset_dir(case.workspace, case.random.choice([DATASET, "imported"]))
    before = Belongings.of(case.workspace)
    with limited_memory(DATASET_MEMORY_MB):
        report = case.try_out(
            f"import_archive into {image_dir.name}",
            partial(import_archive, OWNER, case.workspace, image_dir, io.BytesIO(data)),
        )
    before.require_unchanged(Belongings.of(case.workspace))
    if isinstance(report, ClusterError):
        if Belongings.of(case.workspace) != before:
            raise FaultError("The archive was refused, but something of it was added.")
    else:
        case.try_out("list_classes", partial(list_classes, image_dir))
        case.try_out("write_archive", partial(write_archive, image_dir, io.BytesIO()))
    require_nothing_left(case)
    if case.random.random() < 0.2:
        read_datasets(case)


def import_good_model(case: Case) -> None:
    """Import the model of the fixture, and raise FaultError unless it is listed as usable."""
    data = io.BytesIO((FIXTURE / "model.zip").read_bytes())
    good = case.try_out("import a good model", partial(import_model, OWNER, case.workspace, data))
    if isinstance(good, ClusterError):
        raise FaultError(f"A good model is refused: {good}")
    usable = {model.id for model in list_models(case.workspace) if model.problem is None}
    if good.id not in usable:
        raise FaultError(f"The good model {good.id} is not listed as usable.")


def _answer(workspace: Workspace, model_id: str) -> None:
    """Label a picture; a network that passed its trial must not crash now."""
    load_model(model_id, workspace).predict(np.zeros((40, 40, 3), np.uint8))


def _choose_archive(case: Case, good: Path, hostile: list[Callable[[Case], bytes]]) -> bytes:
    """Return a good archive with mutated bytes, or one that is made to do harm."""
    if case.id.number % 2:
        make = hostile[case.id.number // 2 % len(hostile)]
        case.steps.append(make.__name__)
        return make(case)
    data = good.read_bytes()
    if case.random.random() < 0.3:
        size = case.random.randrange(len(data))
        case.steps.append(f"{good.name} cut to {size} bytes")
        return data[:size]
    if case.random.random() < 0.5:
        return _flip_directory(case, data)
    data, changes = flip_bytes(data, case.random)
    case.steps.append(f"{good.name} changed {changes}")
    return data


def _flip_directory(case: Case, data: bytes) -> bytes:
    """Mutate the table of contents only, where a change of one byte has the most effect."""
    start = data.index(b"PK\x01\x02")
    changed, changes = flip_bytes(data[start:], case.random)
    case.steps.append(f"table of contents changed {changes}, from byte {start}")
    return data[:start] + changed


def require_nothing_left(case: Case) -> None:
    """Raise FaultError if an import left unpacked or half-written files."""
    incoming = case.workspace.incoming
    left = [path for path in incoming.glob("*/*") if INTERRUPTED not in path.parts]
    if left:
        raise FaultError(f"The import left {left[0].name} in {incoming.name}.")
    drafts = sorted(case.workspace.root.rglob("*.part"))
    if drafts:
        raise FaultError(f"The import left {drafts[0]}.")
