"""The camera in the browser: an HTML part, its style and its script, without a build step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import streamlit as st

from pages.components.camera.frames import FrameMessage, parse_message
from pages.components.outcome import Outcome, set_outcome

_FOLDER = Path(__file__).parent
_mount = st.components.v2.component(
    "cluster_lab_camera",
    html=(_FOLDER / "camera.html").read_text("utf-8"),
    css=(_FOLDER / "camera.css").read_text("utf-8"),
    js=(_FOLDER / "camera.js").read_text("utf-8"),
)


def show_camera(key: str, data: Mapping[str, object], take: Callable[[FrameMessage], None]) -> None:
    """Draw the picture of the visitor's camera, and receive frames of it.

    Call it in a fragment, so that frames do not rerun the whole page.

    Parameters
    ----------
    key : str
        Key of the component in the session.
    data : mapping
        What the script in the browser gets, see `camera.js`.
    take : callable
        Called with the frames, before the fragment reruns.
    """

    def pass_on() -> None:
        message = parse_message(st.session_state[key].get("frames"))
        if message is None:
            set_outcome(Outcome("The camera sent something that is not a picture.", is_good=False))
        else:
            take(message)

    _mount(key=key, data=data, on_frames_change=pass_on)
