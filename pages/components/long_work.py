"""Long tasks with a progress bar and a Stop button, which survive page reruns.

Any click reruns the page and interrupts its script. A task is therefore stored in the session,
and every rerun of the page resumes it until it is done or stopped.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from cluster_core.data.index import Progress
from cluster_core.errors import ClusterError
from pages.components.outcome import Outcome, set_outcome
from pages.components.text import escape_markdown

_WORK = "dataset work"
_REDRAW_EVERY_S = 0.2


@dataclass(frozen=True)
class Work:
    """A long task.

    Attributes
    ----------
    title : str
        Shown next to the progress bar.
    resume : callable
        Does the work that is left, and returns the outcome. Called again after an
        interruption.
    on_stop : callable
        Returns the outcome to show when the task was stopped.
    """

    title: str
    resume: Callable[[Progress], Outcome]
    on_stop: Callable[[], Outcome]


def start_work(work: Work) -> None:
    """Schedule a task, which starts with the next rerun of the page."""
    st.session_state[_WORK] = work


def is_working() -> bool:
    """Return whether a task is in progress."""
    return _WORK in st.session_state


def continue_work() -> None:
    """Resume the task, if there is one, and draw its progress bar and Stop button."""
    work: Work | None = st.session_state.get(_WORK)
    if work is None:
        return
    area = st.empty()
    with area.container(horizontal=True, vertical_alignment="center", key="work"):
        title = escape_markdown(work.title)
        bar = st.progress(0.0, text=f"{title} …", width="stretch")
        st.button("Stop", key="stop_work", icon=":material/stop_circle:", on_click=_stop)
    last_drawn_s = 0.0

    def on_progress(done: int, total: int) -> None:
        nonlocal last_drawn_s
        if time.monotonic() - last_drawn_s > _REDRAW_EVERY_S:
            last_drawn_s = time.monotonic()
            bar.progress(done / max(total, 1), text=f"{title}: {done:,} of {total:,}")

    try:
        outcome = work.resume(on_progress)
    except ClusterError as error:
        outcome = Outcome(str(error), is_good=False)
    except Exception:
        _drop(work)  # otherwise it would fail again on every click
        raise
    _drop(work)
    set_outcome(outcome)
    area.empty()
    st.rerun()


def _drop(work: Work) -> None:
    # A click may have replaced the task while this script ran.
    if st.session_state.get(_WORK) is work:
        del st.session_state[_WORK]


def _stop() -> None:
    work: Work | None = st.session_state.pop(_WORK, None)
    if work is not None:
        set_outcome(work.on_stop())
