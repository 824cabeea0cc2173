"""Where pictures to classify come from: files, the clipboard, a camera."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from cluster_core.images import IMAGE_SUFFIXES

PICTURE_TYPES = [*sorted(IMAGE_SUFFIXES), ".gz"]
MAX_PICTURES = 1_000
MAX_PICTURE_MB = 20
_MOST_PASTED = 20
_PASTED = "pasted pictures"
STOPPED = "classifying is stopped"
EXAMPLE = "example number"
FIRST_EXAMPLE = 12  # whose pictures are good to look at


@dataclass(frozen=True)
class InputPicture:
    """One picture somebody wants an answer for.

    Attributes
    ----------
    id : str
        The same as long as the content is the same.
    name : str
        As its owner calls it.
    content : UploadedFile or bytes
        The file; read only when it is needed.
    """

    id: str
    name: str
    content: UploadedFile | bytes

    def read(self) -> bytes:
        """Return the file's bytes."""
        return self.content if isinstance(self.content, bytes) else self.content.getvalue()


def ask_for_pictures() -> list[InputPicture]:
    """Draw all the ways to give pictures, and return those that were given."""
    files = st.file_uploader(
        "Drop pictures here, one or many",
        type=PICTURE_TYPES,
        accept_multiple_files=True,
        max_upload_size=MAX_PICTURE_MB,
        key="pictures",
        on_change=_begin_anew,
    )
    given = [InputPicture(file.file_id, file.name, file) for file in files]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "Show me an example",
            key="example",
            icon=":material/auto_awesome:",
            on_click=_begin_example,
        )
        camera_is_on = st.toggle("Camera", key="camera_on")
        paste_is_on = st.toggle("Paste", key="paste_on")
    if paste_is_on:
        given += _ask_for_pasted()
    if camera_is_on:
        photo = st.camera_input("Point it at a picture", key="camera", on_change=_begin_anew)
        if photo is not None:
            given.append(InputPicture(photo.file_id, "photo.jpg", photo))
    if len(given) > MAX_PICTURES:
        st.warning(
            f"These are {len(given):,} pictures, and {MAX_PICTURES:,} are answered at a time: "
            "the first of them are. For more, use `python -m cluster_core classify FOLDER`.",
            icon=":material/content_cut:",
        )
    return given[:MAX_PICTURES]


def _ask_for_pasted() -> list[InputPicture]:
    """Draw a line that takes pictures from the clipboard; it forgets them at once, we do not."""
    pasted: list[InputPicture] = st.session_state.setdefault(_PASTED, [])
    # In a container it stays in place; else it would stick to the bottom of the window.
    entered = st.container().chat_input(
        "Click here, press Ctrl+V (Cmd+V on a Mac), then Enter",
        key="paste",
        accept_file="multiple",
        file_type=PICTURE_TYPES,
        on_submit=_begin_anew,
    )
    for file in entered.files if entered else ():
        data = file.getvalue()
        picture = InputPicture(hashlib.sha256(data).hexdigest(), file.name, data)
        if picture.id not in {other.id for other in pasted}:
            pasted.append(picture)
    del pasted[:-_MOST_PASTED]
    if entered and not entered.files:
        st.info("That was text and no picture: copy a picture first, then paste it here.")
    if pasted and st.button("Clear pasted pictures", key="clear_pasted", type="tertiary"):
        pasted.clear()
        st.rerun()
    return list(pasted)


def _begin_anew() -> None:
    st.session_state.pop(STOPPED, None)
    st.session_state.pop(EXAMPLE, None)


def _begin_example() -> None:
    st.session_state[EXAMPLE] = st.session_state.get(EXAMPLE, FIRST_EXAMPLE - 1) + 1
