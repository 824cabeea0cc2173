"""Datasets of a simulated sky, for visitors without their own pictures."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import streamlit as st
from PIL import Image, ImageOps

from cluster_core.data.catalog import create_dataset, list_datasets
from cluster_core.data.index import Progress
from cluster_core.sky import count_missing, render_demo_dataset, render_picture
from cluster_core.workspace import Workspace
from pages.components.long_work import Work, start_work
from pages.components.outcome import Outcome
from pages.components.selection import Choice, choose
from pages.components.signed_in import get_access

NAME = "simulated_sky"
CLASSES = ("globular clusters", "open clusters")
PER_CLASS = 40
# Kind and seed; globular and open clusters alternate.
SAMPLES = (
    ("globular_resolved", 27),
    ("open_reflection", 24),
    ("globular_core", 25),
    ("open_rich", 24),
    ("globular_core", 22),
    ("open_reflection", 27),
)
SAMPLE_PX = 192
GAP_PX = 12
_SEED = 0
_READY = "simulated sky ready"


def start_demo(workspace: Workspace) -> None:
    """Create a dataset of a simulated sky, rendered from the next rerun of the page on.

    Raises
    ------
    DatasetError
        The dataset cannot be created.
    AccessError
        This server does not allow it.
    """
    get_access().require_room(n_pictures=PER_CLASS * len(CLASSES))  # before there is a dataset
    name = _find_free_name(workspace)
    image_dir = create_dataset(get_access(), workspace, name)
    choose(Choice.DATASET, name)
    start_rendering(image_dir, CLASSES, PER_CLASS, lambda: _note_finished(name))


def start_rendering(
    image_dir: Path,
    labels: Sequence[str],
    per_class: int,
    on_finished: Callable[[], None] = lambda: None,
) -> None:
    """Render a simulated sky into a dataset, from the next rerun of the page on.

    Parameters
    ----------
    image_dir : Path
        The dataset's folder. Pictures that are already in it are kept.
    labels : sequence of str
        Classes, keys of `DEMO_CLASSES`.
    per_class : int
        Pictures per class.
    on_finished : callable, optional
        Called after the last picture.

    Raises
    ------
    DatasetError
        The visitor's workspace cannot take that many pictures.
    """
    get_access().require_room(n_pictures=count_missing(image_dir, labels, per_class))

    def resume(on_progress: Progress) -> Outcome:
        access = get_access()
        with access.alone():  # other tabs of a visitor add pictures too
            access.require_room(n_pictures=count_missing(image_dir, labels, per_class))
            paths = render_demo_dataset(
                image_dir, labels, per_class, _SEED, on_progress, resume=True
            )
        on_finished()
        return Outcome(f"{len(paths):,} pictures of a simulated sky are ready for training.")

    def on_stop() -> Outcome:
        return Outcome("Stopped. The pictures created so far are in the dataset.")

    start_work(Work("Creating pictures", resume, on_stop))


def pop_finished_demo() -> str | None:
    """Return the name of the dataset whose rendering has just finished, once; else None."""
    return st.session_state.pop(_READY, None)


@st.cache_data(show_spinner=False)
def render_samples() -> bytes:
    """Return a row of sample pictures of the simulated sky, as PNG."""
    strip = Image.new("RGBA", (len(SAMPLES) * (SAMPLE_PX + GAP_PX) - GAP_PX, SAMPLE_PX))
    for number, (kind, seed) in enumerate(SAMPLES):
        sky = render_picture(
            np.random.default_rng(seed), kind, SAMPLE_PX, SAMPLE_PX, degraded=False
        )
        square = ImageOps.fit(Image.fromarray(sky.pixels), (SAMPLE_PX, SAMPLE_PX))
        strip.paste(square, (number * (SAMPLE_PX + GAP_PX), 0))
    file = io.BytesIO()
    strip.save(file, "PNG")
    return file.getvalue()


def _note_finished(name: str) -> None:
    st.session_state[_READY] = name


def _find_free_name(workspace: Workspace) -> str:
    taken = set(list_datasets(workspace))
    numbered = (f"{NAME}_{number}" for number in range(2, len(taken) + 3))
    return next(name for name in (NAME, *numbered) if name not in taken)
