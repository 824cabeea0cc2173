"""Recognise the stars of one picture in the background."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import PurePath

import streamlit as st

from cluster_core.access import Access
from cluster_core.errors import RunError
from cluster_core.sky_names.cache import IdentityCache
from cluster_core.sky_names.identification import Identification, identify
from cluster_core.sky_names.solving import (
    STARTING_S,
    TIME_LIMIT_S,
    RunLimits,
    Solver,
    find_shared_solver,
)
from cluster_core.storage.cache_file import CacheFile
from cluster_core.workspace import Workspace
from pages.components.classify.background_task import BackgroundTask
from pages.components.classify.session_predictions import BoundedCache
from pages.components.picture_input import InputPicture

_KNOWN = "objects in the sky"
_KNOWN_KEPT = 200
_TASK = "stars being recognised"


class Task(BackgroundTask[Identification]):
    """The search for where in the sky a picture is.

    Attributes
    ----------
    picture_id : str
    """

    def __init__(self, access: Access, picture: InputPicture) -> None:
        super().__init__()
        solver = find_shared_solver(access, RunLimits(is_stopped=self.is_stopped))
        self.picture_id = picture.id
        self._start_s = time.monotonic()
        self.start(partial(_identify, picture, solver))

    @property
    def progress(self) -> float:
        """The share of the longest time, 0 to 1, that has passed."""
        return min(1.0, (time.monotonic() - self._start_s) / (TIME_LIMIT_S + STARTING_S))


def _identify(picture: InputPicture, solver: Solver | None) -> Identification:
    with CacheFile(Workspace.default().bottlenecks) as file:
        return IdentityCache(file).locate(picture.read(), _hide_name(picture), solver)


def _recall(picture: InputPicture) -> Identification:
    """Return what its stars said before if its header has no coordinates, else what is written."""
    data = picture.read()
    found = identify(data, picture.name, None)
    if found.position is None:
        with suppress(RunError), CacheFile(Workspace.default().bottlenecks) as file:
            if solved := IdentityCache(file).recall(data):
                return identify(data, _hide_name(picture), None).add_solution(solved)
    return found


def _hide_name(picture: InputPicture) -> str:
    """Return a name that names no object: that of the file may be wrong, unlike the stars."""
    return f"picture{PurePath(picture.name).suffix}"


def get_known(picture: InputPicture) -> Identification:
    """Return what is known of a picture: what its stars said, or its header, or its file name.

    Raises
    ------
    ImageError
        It cannot be read.
    """
    known: BoundedCache[Identification] = st.session_state.setdefault(
        _KNOWN, BoundedCache(_KNOWN_KEPT)
    )
    found = known.look_up(picture.id) or known.keep(picture.id, _recall(picture))
    task = get_task(picture)
    if task is None or task.found is None:
        return found
    st.session_state.pop(_TASK)
    if task.found.objects or task.found.position:
        return known.keep(picture.id, task.found)
    return known.keep(picture.id, replace(found, problem=task.found.problem))


def get_task(picture: InputPicture) -> Task | None:
    """Return the search that this session started for a picture, or None."""
    task: Task | None = st.session_state.get(_TASK)
    return task if task is not None and task.picture_id == picture.id else None


def start_task(access: Access, picture: InputPicture) -> None:
    """Search for a picture's place in the sky instead of what this session searched before.

    Raises
    ------
    AccessError
        Visitors may not do so.
    """
    stop_task()
    st.session_state[_TASK] = Task(access, picture)


def stop_task() -> None:
    """Stop the search of this session, if there is one."""
    task: Task | None = st.session_state.pop(_TASK, None)
    if task is not None:
        task.stop()
