"""Pass on the pictures that the model was unsure of, to be labelled by a person."""

from __future__ import annotations

from pathlib import Path

from cluster_core.access import Access, Action
from cluster_core.errors import BundleError, SortingError
from cluster_core.images import read_bytes
from cluster_core.labelling.filling import QueueFilling, UnlabelledFile
from cluster_core.labelling.queue import LabelQueue
from cluster_core.labelling.queues import QueueSettings, create_queue
from cluster_core.model.backbones.registry import EVERYDAY_BACKBONE, SKY_BACKBONE
from cluster_core.model.bundle.selection import model_dir
from cluster_core.model.bundle.summaries import describe_model
from cluster_core.model.prediction.prediction import Verdict
from cluster_core.sorting.disk_errors import explaining_output_errors
from cluster_core.sorting.log import read_state
from cluster_core.sorting.opening import check_has_log
from cluster_core.sorting.records import LogState, Stage
from cluster_core.workspace import Workspace


def list_unsure(output: Path) -> list[UnlabelledFile]:
    """Return the pictures in a sorted folder that the model was unsure of.

    Raises
    ------
    SortingError
        The folder has no log, or it cannot be read.
    """
    return _list_unsure(output, _read(output))


def create_unsure_queue(
    access: Access, workspace: Workspace, output: Path
) -> tuple[LabelQueue, QueueFilling]:
    """Create a label queue for the pictures in a sorted folder that the model was unsure of.

    Returns
    -------
    queue : LabelQueue
        With the classes of the model.
    filling : QueueFilling
        Its pictures, which are still to be added.

    Raises
    ------
    SortingError
        The folder has no log, cannot be read, or has no such picture.
    DatasetError
        The queue cannot be created.
    AccessError
        This server does not let its visitors change datasets.
    """
    access.require(Action.EDIT_DATASETS)
    state = _read(output)
    files = _list_unsure(output, state)
    if not files:
        raise SortingError(
            f"No picture in {output} is unsure: there is nothing to label.", path=output
        )
    labels = state.settings.get("labels")
    names = [str(label) for label in labels] if isinstance(labels, list) else []
    network = find_queue_network(workspace, str(state.settings.get("model")))
    settings = QueueSettings(f"Unsure in {output.absolute().name}", names, network)
    queue = create_queue(access, workspace, settings)
    return queue, QueueFilling(access, queue, files)


def find_queue_network(workspace: Workspace, model_id: str) -> str:
    """Return the built-in network whose features order a queue for a model."""
    try:
        architecture = describe_model(model_dir(workspace, model_id)).architecture
    except BundleError:
        architecture = ""
    is_everyday = architecture == EVERYDAY_BACKBONE.name
    return EVERYDAY_BACKBONE.name if is_everyday else SKY_BACKBONE.name


def _read(output: Path) -> LogState:
    check_has_log(output)
    with explaining_output_errors(output):
        return read_state(output)


def _list_unsure(output: Path, state: LogState) -> list[UnlabelledFile]:
    def make(place: str) -> UnlabelledFile:
        path = output / place
        return UnlabelledFile(path.name, lambda: read_bytes(path))

    files = state.list_files(Stage.DONE)
    unsure = [file.place for file in files if file.verdict == Verdict.UNSURE.value]
    return [make(place) for place in unsure if (output / place).is_file()]
