"""Work on a dataset that takes a while: it shows how far it is, can be stopped, and goes on.

Any click reruns a page and so ends what its script was doing. What is to be done therefore stands
in the session, and every run goes on with it, until it is done or somebody clicks on Stop.
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
    """Something to be done.

    Attributes
    ----------
    title : str
        What is being done, as it stands beside the bar.
    go_on : callable
        Does what is left of it, and says how it went. Called again after an interruption.
    stop : callable
        Says what was done till somebody stopped it.
    """

    title: str
    go_on: Callable[[Progress], Outcome]
    stop: Callable[[], Outcome]


def start_work(work: Work) -> None:
    """Have it done from the next run of the page on."""
    st.session_state[_WORK] = work


def is_working() -> bool:
    """Tell whether there is something to be done."""
    return _WORK in st.session_state


def continue_work() -> None:
    """Do what is to be done, if anything, with a bar and a button to stop it."""
    work: Work | None = st.session_state.get(_WORK)
    if work is None:
        return
    place = st.empty()
    with place.container(horizontal=True, vertical_alignment="center", key="work"):
        title = escape_markdown(work.title)
        bar = st.progress(0.0, text=f"{title} …", width="stretch")
        st.button("Stop", key="stop_work", icon=":material/stop_circle:", on_click=_stop)
    drawn_s = 0.0

    def on_progress(done: int, total: int) -> None:
        nonlocal drawn_s
        if time.monotonic() - drawn_s > _REDRAW_EVERY_S:
            drawn_s = time.monotonic()
            bar.progress(done / max(total, 1), text=f"{title}: {done:,} of {total:,}")

    try:
        outcome = work.go_on(on_progress)
    except ClusterError as error:
        outcome = Outcome(str(error), is_good=False)
    except Exception:
        _drop(work)  # else it would fail again with every click
        raise
    _drop(work)
    set_outcome(outcome)
    place.empty()
    st.rerun()


def _drop(work: Work) -> None:
    # Another click may have replaced it meanwhile.
    if st.session_state.get(_WORK) is work:
        del st.session_state[_WORK]


def _stop() -> None:
    work: Work | None = st.session_state.pop(_WORK, None)
    if work is not None:
        set_outcome(work.stop())
