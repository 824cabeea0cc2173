"""One picture at a time, and the buttons and keys that say what it is."""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import partial
from typing import Literal

import streamlit as st
from PIL import Image

from cluster_core.data.thumbnails import ThumbnailCache
from cluster_core.errors import ClusterError, ImageError
from cluster_core.labelling.guide import SHOWN_SIDE_PX, Guide
from cluster_core.labelling.queue import LabelQueue, describe
from cluster_core.labelling.records import Decision, Verdict
from cluster_core.storage.cache_file import CacheFile
from cluster_core.workspace import Workspace
from pages.components.labelling.keys import NONE_AREA, watch_keys
from pages.components.labelling.opened_queue import get_tab, is_seen, pick_picture, show_picture
from pages.components.labelling.progress_view import show_progress
from pages.components.outcome import Outcome, clear_outcome, set_outcome
from pages.components.signed_in import get_access
from pages.components.text import escape_markdown
from pages.components.words import format_percent

_KEYED_CLASSES = 9
_LATEST, _NOTICE, _GUESS = "latest decision", "label notice", "show_guess"
_KEY_LENGTH = 12
_HEIGHT_PX = 480


@dataclass(frozen=True)
class _Latest:
    """The latest decision of this tab, with the guess before it."""

    name: str
    decision: Decision
    guess: tuple[str, float] | None


@st.fragment
def show_desk(workspace: Workspace, queue: LabelQueue, guide: Guide) -> None:
    """Draw the next picture with its buttons, as a fragment that reruns on its own after a key."""
    queue.refresh()
    if not queue.exists():
        st.rerun()  # it was deleted in another tab
    sha256 = pick_picture(guide, queue)
    left, right = st.columns([3, 2], gap="medium")
    with left:
        if sha256 is None:
            _show_end(queue)
        else:
            _show_picture(workspace, queue, sha256)
    with right:
        if sha256 is not None:
            _show_buttons(queue, guide, sha256)
        with st.container(horizontal=True, key="label_moves"):
            if sha256 is not None:
                _show_skip(queue, guide, sha256)
            _show_undo(queue, guide)
        _show_latest()
        show_progress(queue, guide)
        if sha256 is not None:
            _show_guess(guide, sha256)


def _show_picture(workspace: Workspace, queue: LabelQueue, sha256: str) -> None:
    name = escape_markdown(queue.pictures[sha256].name)
    # Above the picture, whose toolbar would else cover the buttons there.
    st.caption(name)
    try:
        with CacheFile(workspace.bottlenecks) as file:
            jpeg = ThumbnailCache(file).get(queue.find_file(sha256), SHOWN_SIDE_PX)
        st.image(jpeg, width=_find_width(jpeg))
    except ImageError:  # it could be read when it was added
        st.error(
            f"{name} can no longer be read. Skip it, or label it from memory.",
            icon=":material/broken_image:",
        )


def _show_guess(guide: Guide, sha256: str) -> None:
    is_shown = st.toggle(
        "Show the guess",
        key=_GUESS,
        help="What the labels so far suggest for this picture. Your own eyes are more reliable "
        "without it.",
        persist_state="session",
    )
    if is_shown:
        guess = guide.state.advice.guesses.get(sha256)
        st.caption(f"Guess: {_describe_guess(guess)}" if guess else "No guess yet.")


def _find_width(jpeg: bytes) -> int | Literal["stretch"]:
    """Return a width that leaves an upright picture on the screen."""
    with Image.open(io.BytesIO(jpeg)) as image:
        width, height = image.size
    return "stretch" if width >= height else max(1, _HEIGHT_PX * width // height)


def _show_buttons(queue: LabelQueue, guide: Guide, sha256: str) -> None:
    # A key of its own for each picture, so that a second press never labels one not yet seen.
    part = sha256[:_KEY_LENGTH]

    def decide(verdict: Verdict, label: str | None = None) -> None:
        _decide(queue, guide, sha256, Decision(verdict, label, get_tab()))

    with st.container(key="label_buttons", gap="xsmall"):
        for number, label in enumerate(queue.classes, start=1):
            st.button(
                escape_markdown(label),
                key=f"label_{number}_{part}",
                shortcut=str(number) if number <= _KEYED_CLASSES else None,
                width="stretch",
                on_click=partial(decide, Verdict.LABEL, label),
            )
        with st.container(key=NONE_AREA):
            st.button(
                "None of these",
                key=f"label_none_{part}",
                shortcut="0",
                width="stretch",
                help="Key 0 or N.",
                on_click=partial(decide, Verdict.NONE),
            )
        watch_keys()
    st.caption("Keys: 1 to 9 for the classes, 0 or N for none of these.")


def _show_skip(queue: LabelQueue, guide: Guide, sha256: str) -> None:
    st.button(
        "Skip",
        key=f"label_skip_{sha256[:_KEY_LENGTH]}",
        shortcut="Space",
        type="tertiary",
        icon=":material/skip_next:",
        help="Leave it for later.",
        on_click=_decide,
        args=(queue, guide, sha256, Decision(Verdict.SKIP, None, get_tab())),
    )


def _show_undo(queue: LabelQueue, guide: Guide) -> None:
    n_decided = len(queue.decisions)
    st.button(
        "Undo",
        # A key of its own for each number: a press that arrives twice takes one decision back.
        key=f"label_undo_{n_decided}",
        shortcut="Backspace",
        type="tertiary",
        icon=":material/undo:",
        disabled=not n_decided,
        help="Takes the latest decision back and shows its picture again.",
        on_click=partial(_undo, queue, guide, n_decided),
    )


def _decide(queue: LabelQueue, guide: Guide, sha256: str, decision: Decision) -> None:
    if not is_seen(sha256):
        return
    clear_outcome()
    st.session_state.pop(_NOTICE, None)
    guess = guide.state.advice.guesses.get(sha256)
    try:
        queue.decide(get_access(), sha256, decision)
    except ClusterError as error:
        st.session_state[_NOTICE] = str(error)
        return
    st.session_state[_LATEST] = _Latest(queue.pictures[sha256].name, decision, guess)
    guide.notice()


def _undo(queue: LabelQueue, guide: Guide, n_decided: int) -> None:
    if len(queue.decisions) != n_decided:
        return
    for state in (_NOTICE, _LATEST):
        st.session_state.pop(state, None)
    try:
        sha256 = queue.take_back_latest(get_access(), get_tab(), guide.list_other_tabs(get_tab()))
    except ClusterError as error:
        st.session_state[_NOTICE] = str(error)
        return
    if sha256 is None:
        st.session_state[_NOTICE] = "The other decisions were made in tabs that are still open."
        return
    show_picture(sha256)
    guide.notice()


def _show_latest() -> None:
    if notice := st.session_state.get(_NOTICE):
        st.warning(escape_markdown(notice), icon=":material/info:")
    latest: _Latest | None = st.session_state.get(_LATEST)
    if latest is None:
        return
    said = f"{escape_markdown(latest.name)}: **{escape_markdown(describe(latest.decision))}**"
    if latest.guess and latest.decision.verdict is not Verdict.SKIP:
        is_same = latest.guess[0] == describe(latest.decision)
        said += ", as guessed" if is_same else f"; the guess was {_describe_guess(latest.guess)}"
    st.caption(said)


def _describe_guess(guess: tuple[str, float]) -> str:
    return f"{escape_markdown(guess[0])}, {format_percent(guess[1])}"


def _show_end(queue: LabelQueue) -> None:
    n_skipped = sum(one.verdict is Verdict.SKIP for one in queue.decisions.values())
    if not queue.pictures:
        st.info("This queue is empty: add pictures to it.", icon=":material/add_photo_alternate:")
        return
    if n_skipped == len(queue.pictures):
        st.info("You skipped all pictures.", icon=":material/skip_next:")
    else:
        st.success(
            "Every picture has been decided. Add them to a dataset below, or add more pictures.",
            icon=":material/check:",
        )
    if n_skipped:
        noun = "skipped picture" if n_skipped == 1 else f"{n_skipped:,} skipped pictures"
        st.button(
            f"Show the {noun} again",
            key="label_unskip",
            icon=":material/replay:",
            on_click=partial(_show_skipped, queue),
        )


def _show_skipped(queue: LabelQueue) -> None:
    try:
        queue.take_back_skips(get_access())
    except ClusterError as error:
        set_outcome(Outcome(str(error), is_good=False))
