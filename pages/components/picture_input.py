"""Input of pictures to classify: files, the clipboard or a camera."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from cluster_core.images import IMAGE_SUFFIXES

PICTURE_TYPES = [*sorted(IMAGE_SUFFIXES), ".gz", ".bz2"]
MAX_PICTURES = 1_000
MAX_PICTURE_MB = 20
_MAX_PASTED = 20
_PASTED = "pasted pictures"
STOPPED = "classifying is stopped"
EXAMPLE = "example number"
FIRST_EXAMPLE = 12  # a seed whose pictures look good


@dataclass(frozen=True)
class InputPicture:
    """A picture to classify.

    Attributes
    ----------
    id : str
        Unchanged as long as the content is unchanged.
    name : str
        File name.
    content : UploadedFile or bytes
        The file, or its bytes.
    """

    id: str
    name: str
    content: UploadedFile | bytes

    def read(self) -> bytes:
        """Return the file's bytes."""
        return self.content if isinstance(self.content, bytes) else self.content.getvalue()


def ask_for_pictures() -> list[InputPicture]:
    """Draw the uploader, the example button, the camera and the paste field.

    Returns
    -------
    list of InputPicture
        The visitor's pictures, at most `MAX_PICTURES`.
    """
    files = st.file_uploader(
        "Drop one or more pictures here",
        type=PICTURE_TYPES,
        accept_multiple_files=True,
        max_upload_size=MAX_PICTURE_MB,
        key="pictures",
        on_change=_reset,
    )
    pictures = [InputPicture(file.file_id, file.name, file) for file in files]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "Show me an example",
            key="example",
            icon=":material/auto_awesome:",
            on_click=_show_next_example,
        )
        camera_is_on = st.toggle("Camera", key="camera_on")
        paste_is_on = st.toggle("Paste", key="paste_on")
    if paste_is_on:
        pictures += _ask_for_pasted()
    if camera_is_on:
        photo = st.camera_input("Take a photo", key="camera", on_change=_reset)
        if photo is not None:
            pictures.append(InputPicture(photo.file_id, "photo.jpg", photo))
    if len(pictures) > MAX_PICTURES:
        st.warning(
            f"Only the first {MAX_PICTURES:,} of your {len(pictures):,} pictures are classified; "
            "for more, run `python -m cluster_core classify FOLDER` in a terminal.",
            icon=":material/content_cut:",
        )
    return pictures[:MAX_PICTURES]


def _ask_for_pasted() -> list[InputPicture]:
    """Draw a paste field; keep its pictures in the session, as the field itself does not."""
    pasted: list[InputPicture] = st.session_state.setdefault(_PASTED, [])
    st.caption("Click the field, press Ctrl+V (Cmd+V on a Mac), then Enter.")
    # Outside a container, Streamlit would pin a chat input to the bottom of the window.
    entered = st.container().chat_input(
        "Paste pictures here",
        key="paste",
        accept_file="multiple",
        file_type=PICTURE_TYPES,
        on_submit=_reset,
    )
    for file in entered.files if entered else ():
        data = file.getvalue()
        picture = InputPicture(hashlib.sha256(data).hexdigest(), file.name, data)
        if picture.id not in {other.id for other in pasted}:
            pasted.append(picture)
    del pasted[:-_MAX_PASTED]
    if entered and not entered.files:
        st.info("You pasted text. Copy a picture, then paste it here.")
    if pasted and st.button("Clear pasted pictures", key="clear_pasted", type="tertiary"):
        pasted.clear()
        st.rerun()
    return list(pasted)


def _reset() -> None:
    st.session_state.pop(STOPPED, None)
    st.session_state.pop(EXAMPLE, None)


def _show_next_example() -> None:
    st.session_state[EXAMPLE] = st.session_state.get(EXAMPLE, FIRST_EXAMPLE - 1) + 1
