"""Record many pictures of a class with the camera."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from pathlib import Path

import streamlit as st

from cluster_core.data.archives.dataset_archive import ImportReport
from cluster_core.data.class_folders import list_files
from cluster_core.data.editing.classes import delete_class
from cluster_core.data.editing.pictures import delete_pictures
from cluster_core.data.index import RejectedFile
from cluster_core.data.recordings import name_frame
from cluster_core.data.uploads import NewPicture, PictureBatch
from cluster_core.errors import ClusterError
from cluster_core.storage.cache_file import CacheFile
from cluster_core.workspace import Workspace
from pages.components.camera.component import show_camera
from pages.components.camera.frames import MAX_FRAMES, FrameMessage
from pages.components.dataset.views import VIEW_KEY, DatasetView
from pages.components.outcome import (
    Outcome,
    make_deletion_outcome,
    make_import_outcome,
    set_outcome,
)
from pages.components.signed_in import get_access

_RECORDING = "camera recording"


@dataclass
class Recording:
    """What came of one push of the button, until the next one.

    Attributes
    ----------
    id : str
        Chosen by the browser.
    image_dir, label : Path, str
        The dataset and the class of the pictures.
    started : datetime
    n_frames : int
        How many frames have come, with those that were left out.
    stored : list of Path
        The files that were added.
    rejected : list of RejectedFile
        The frames that were left out.
    is_new_class : bool
        Whether the class was created for them.
    outcome : Outcome
        What to say about it.
    is_over : bool
        Whether no more frames are taken.
    is_counted : bool
        Whether the page around the camera was drawn with its pictures.
    """

    id: str
    image_dir: Path
    label: str
    started: datetime
    n_frames: int = 0
    stored: list[Path] = field(default_factory=list)
    rejected: list[RejectedFile] = field(default_factory=list)
    is_new_class: bool = False
    outcome: Outcome = Outcome("")  # noqa: RUF009  frozen
    is_over: bool = False
    is_counted: bool = False


@st.fragment
def show_recorder(workspace: Workspace, image_dir: Path, label: str) -> None:
    """Draw the camera, with a button that records pictures of a class while it is held."""
    recording: Recording | None = st.session_state.get(_RECORDING)
    if recording is not None and recording.is_over and not recording.is_counted:
        recording.is_counted = True
        st.rerun()

    def take(message: FrameMessage) -> None:
        found: Recording | None = st.session_state.get(_RECORDING)
        if found is None or found.id != message.recording:
            found = Recording(message.recording, image_dir, label, datetime.now(), message.first)
            st.session_state[_RECORDING] = found
        add_frames(workspace, found, message)
        set_outcome(found.outcome)
        # The first pictures would otherwise bring up the gallery, without the camera.
        if st.session_state.get(VIEW_KEY) != DatasetView.ADD:
            st.session_state[VIEW_KEY] = DatasetView.ADD

    show_camera("recorder", {"mode": "record", "label": label, "saved": _receipt(recording)}, take)
    st.caption("Move and turn things while you record: a model knows only what it was shown.")


def add_frames(workspace: Workspace, recording: Recording, message: FrameMessage) -> None:
    """Store frames as pictures of a class; those that came before are skipped.

    An error ends the recording, and becomes its outcome.
    """
    is_next = message.first == recording.n_frames and 0 <= message.first < MAX_FRAMES
    if recording.is_over or not is_next:
        return
    frames = message.frames[: MAX_FRAMES - recording.n_frames]
    try:
        _store(workspace, recording, frames)
    except ClusterError as error:
        recording.outcome = replace(recording.outcome, sentence=str(error), is_good=False)
        recording.is_over = True
    else:
        recording.n_frames += len(frames)
        recording.outcome = _make_outcome(workspace, recording)
        recording.is_over = message.is_last or recording.n_frames == MAX_FRAMES


def _store(workspace: Workspace, recording: Recording, frames: Sequence[bytes]) -> None:
    pictures = [
        NewPicture(recording.label, name_frame(recording.started, number), partial(bytes, data))
        for number, data in enumerate(frames, recording.n_frames)
    ]
    batch = PictureBatch(get_access(), recording.image_dir, pictures)
    with CacheFile(workspace.bottlenecks) as cache:
        batch.store_remaining(cache)
    recording.stored += batch.stored
    recording.rejected += batch.report().rejected
    recording.is_new_class |= bool(batch.new_classes)


def _make_outcome(workspace: Workspace, recording: Recording) -> Outcome:
    report = ImportReport({recording.label: len(recording.stored)}, tuple(recording.rejected))
    outcome = make_import_outcome(report)
    if not recording.stored:
        return outcome
    return replace(outcome, undo=lambda: _undo(workspace, recording))


def _undo(workspace: Workspace, recording: Recording) -> Outcome:
    """Move the pictures to the trash, with the class that was created for nothing else."""
    stored = recording.stored
    folder = stored[0].parent
    if recording.is_new_class and set(list_files(folder)) <= set(stored):
        entry = delete_class(get_access(), workspace, recording.image_dir, folder.name)
    else:
        entry = delete_pictures(get_access(), workspace, stored)
    recording.outcome = make_deletion_outcome(workspace, entry)
    return recording.outcome


def _receipt(recording: Recording | None) -> dict[str, object] | None:
    """Return what the browser needs to know of a recording."""
    if recording is None:
        return None
    return {
        "recording": recording.id,
        "n_frames": recording.n_frames,
        "is_over": recording.is_over,
        "sentence": recording.outcome.sentence,
    }
