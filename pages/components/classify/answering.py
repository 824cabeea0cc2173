"""Classify the pictures of the room that have no answer: a few at once, many in the background."""

from __future__ import annotations

import time
from contextlib import closing

import streamlit as st

from cluster_core.answers.answering import Answerer, answer_pictures
from cluster_core.answers.job_progress import JobProgress, JobState
from cluster_core.answers.job_registry import find_job, obtain_job
from cluster_core.answers.jobs import AnsweringJob
from cluster_core.answers.room import AnswerRoom
from cluster_core.answers.supplies import Supply, find_unfinished
from cluster_core.workspace import Workspace
from pages.components.classify.answer_table import PAGE_ROWS
from pages.components.classify.session_predictions import keep_view
from pages.components.outcome import show_reasons
from pages.components.picture_input import NEWEST, SUPPLIES, list_input_pictures
from pages.components.signed_in import get_access
from pages.components.text import escape_markdown

# So many pictures, or seconds of work, need no thread of their own.
AT_ONCE = 20
_AT_ONCE_S = 3.0
_REDRAW_INTERVAL_S = 1.0
_GROWTH = 4
_MINUTE_S, _HOUR_S = 60, 3600


def answer_waiting(answerer: Answerer, room: AnswerRoom) -> None:
    """Classify the pictures that have no answer by this model, and draw how far it is.

    A few are classified before this returns. More are left to a job, which goes on when the page
    is left, until the visitor stops it.

    Raises
    ------
    DatasetError
        An answer cannot be kept, for example because another tab cleared the room.
    """
    workspace = Workspace.default()
    job = find_job(workspace, room.id, answerer.model.manifest_sha256)
    supplies: list[Supply] = st.session_state.pop(SUPPLIES, [])
    if job is None and not supplies:
        supplies = find_unfinished(get_access(), room)
    waiting = answerer.list_waiting(room)
    newest = set(st.session_state.get(NEWEST, ()))
    is_running = job is not None and job.progress.is_active
    is_held = job is not None and job.progress.state in (JobState.STOPPED, JobState.FAILED)
    if is_running or is_held:  # one picture need not wait for thousands
        at_once = [number for number in waiting if number in newest]
    else:
        at_once = waiting
    if 0 < len(at_once) <= AT_ONCE and not supplies:
        _classify_at_once(answerer, room, at_once)
        waiting = answerer.list_waiting(room)
        at_once = []
    if supplies or (waiting and not is_running and (not is_held or at_once)):
        job = obtain_job(workspace, room.id, answerer)
        job.start(supplies)
        st.session_state.pop(NEWEST, None)
    if job is not None:
        show_job(job)


def _classify_at_once(answerer: Answerer, room: AnswerRoom, numbers: list[int]) -> None:
    started_s = time.monotonic()
    with (
        st.spinner("Classifying …", show_time=False),
        closing(answer_pictures(room, answerer, numbers)) as answered,
    ):
        for one in answered:
            if len(numbers) == 1 and one.details is not None:
                (picture,) = list_input_pictures(room, numbers)
                keep_view(answerer.model, picture, one.details)
            if time.monotonic() - started_s > _AT_ONCE_S:
                break


def show_job(job: AnsweringJob) -> None:
    """Draw the progress of a job with Stop, or why it stopped with Continue, and what it left out.

    Of a job that is done, only what it left out is drawn. Progress counts from the first start:
    after Stop and Continue, it goes on.
    """
    progress = job.progress
    if progress.is_active:
        _show_progress(job, progress.n_done)
    elif progress.state is JobState.STOPPED and progress.n_total > progress.n_done:
        lacking = "not named" if progress.is_naming else "not classified"
        _show_held(job, f"Stopped: {_count(progress.n_total - progress.n_done)} {lacking} yet.")
    elif progress.state is JobState.FAILED:
        _show_held(job, progress.problem or "These pictures are no longer kept.")
    _show_left_out(job)


@st.fragment(run_every=_REDRAW_INTERVAL_S)
def _show_progress(job: AnsweringJob, n_drawn: int) -> None:
    """Draw the progress again and again, and the rest of the page while its table fills."""
    progress = job.progress
    # Each time with several times as many rows, because the table flickers when it is drawn.
    n_next = min(PAGE_ROWS, max(1, _GROWTH * n_drawn))
    if not progress.is_active or n_drawn < n_next <= progress.n_done:
        st.rerun()
    with st.container(horizontal=True, vertical_alignment="center", key="answering"):
        share = progress.n_done / max(progress.n_total, 1)
        st.progress(share, text=_describe_progress(progress), width="stretch")
        st.button(
            "Stop",
            key="stop",
            icon=":material/stop_circle:",
            on_click=job.stop,
            disabled=progress.state is JobState.STOPPING,
        )
    st.caption(
        "You can work with the answers so far, or leave this page: the work continues, and the "
        "answers will be here when you return."
    )


def _show_held(job: AnsweringJob, sentence: str) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key="answering_held"):
        st.info(escape_markdown(sentence), icon=":material/pause_circle:", width="stretch")
        st.button("Continue", key="go_on", icon=":material/play_arrow:", on_click=job.start)


def _show_left_out(job: AnsweringJob) -> None:
    if job.n_present:
        st.caption(f"{_count(job.n_present)} already in the table.")
    if job.n_left_out:
        verb = "was" if job.n_left_out == 1 else "were"
        files = "1 file" if job.n_left_out == 1 else f"{job.n_left_out:,} files"
        with st.expander(f"{files} {verb} left out", icon=":material/content_cut:"):
            show_reasons(job.left_out)


def _describe_progress(progress: JobProgress) -> str:
    if progress.state is JobState.STOPPING:
        return "Stopping …"
    title = "Naming the objects" if progress.is_naming else "Classifying pictures"
    text = f"{title}: {progress.n_done:,} of {progress.n_total:,}"
    if progress.seconds_left is None:
        return text
    return f"{text}, {describe_time_left(progress.seconds_left)} left"


def describe_time_left(seconds: float) -> str:
    """Return an estimated time as people say it, such as `about 2 minutes`."""
    if seconds < _MINUTE_S:
        return f"about {max(5, round(seconds / 5) * 5)} s"
    if seconds < _HOUR_S:
        minutes = round(seconds / _MINUTE_S)
        return "about 1 minute" if minutes == 1 else f"about {minutes} minutes"
    return f"about {seconds / _HOUR_S:.1f} hours"


def _count(n: int) -> str:
    return "1 picture is" if n == 1 else f"{n:,} pictures are"
