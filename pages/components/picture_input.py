"""Input of pictures to classify: files, the clipboard or a camera, all kept in a room on disk."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import streamlit as st
from streamlit.delta_generator import DeltaGenerator
from streamlit.runtime.uploaded_file_manager import UploadedFile

from cluster_core.access import Action
from cluster_core.answers.room import AnswerRoom
from cluster_core.answers.rooms import get_limits, require_space
from cluster_core.answers.supplies import find_folder, keep_archive, keep_folder
from cluster_core.errors import ClusterError, ImageError
from cluster_core.images import CAMERA_RAW_SUFFIXES, IMAGE_SUFFIXES
from cluster_core.workspace import Workspace
from pages.components.classify.kept_room import FOLDED, obtain_room
from pages.components.outcome import clear_outcome, show_reasons
from pages.components.signed_in import get_access
from pages.components.text import escape_markdown
from pages.components.upload_limit import (
    forget_upload,
    get_max_upload_mb,
    show_refused,
    show_uploader,
)

# The uploader lists them in this order. Camera raw files are refused with a sentence that says
# what to do.
_COMMON_TYPES = (".jpg", ".jpeg", ".png", ".fits", ".fit", ".fts", ".tif", ".tiff", ".webp")
PICTURE_TYPES = [
    *_COMMON_TYPES,
    *sorted(IMAGE_SUFFIXES.difference(_COMMON_TYPES)),
    ".gz",
    ".bz2",
    *sorted(CAMERA_RAW_SUFFIXES),
]
LIVE = "live_on"
_CAMERA, _PASTE, _FOLDER = "camera_on", "paste_on", "folder_on"
_WAYS_IN = (LIVE, _CAMERA, _PASTE, _FOLDER)
EXAMPLE = "example number"
FIRST_EXAMPLE = 12  # a seed whose pictures look good
# The numbers of the pictures that came last, until they are answered.
NEWEST = "newest pictures"
# Archives and folders that came last, until a job takes them.
SUPPLIES = "supplies of pictures"
_LEFT_OUT = "pictures left out"
_AREA = "pictures"
_ZIP = ".zip"
# Streamlit cannot clear an uploader; a new number in its key replaces it with an empty one.
_ROUND = "pictures round"
_PHOTO = "photo taken"
_HOUR_S, _MB = 3600, 1_000_000
# With fewer pictures, the table begins high enough.
_FOLD_FROM = 5


def place_input(room: AnswerRoom | None) -> DeltaGenerator:
    """Return the container for the model and the uploader, folded once there are many pictures.

    Parameters
    ----------
    room : AnswerRoom or None
    """
    if room is None or len(room.pictures) < _FOLD_FROM:
        return st.container()
    is_used = any(st.session_state.get(key) for key in _WAYS_IN)
    return st.expander(
        "Add pictures or change the model",
        icon=":material/add_photo_alternate:",
        expanded=is_used,
        # A new round folds it again.
        key=f"input_{st.session_state.get(_ROUND, 0)}",
    )


@dataclass(frozen=True)
class InputPicture:
    """A picture to classify.

    Attributes
    ----------
    id : str
        Unchanged as long as the content is unchanged.
    name : str
        File name.
    read : callable
        Returns the bytes of the file, or raises an ImageError.
    """

    id: str
    name: str
    read: Callable[[], bytes]


def list_input_pictures(room: AnswerRoom, numbers: Sequence[int]) -> list[InputPicture]:
    """Return pictures of a room, ready to be classified."""

    def make(number: int) -> InputPicture:
        kept = room.pictures[number]
        return InputPicture(f"{number} {kept.sha256}", kept.name, lambda: room.read_picture(number))

    return [make(number) for number in numbers if number in room.pictures]


def take_pictures(*, has_examples: bool) -> None:
    """Draw the uploader, the camera, and the fields to paste and for a folder.

    New pictures are put into the visitor's room, and the page is rerun.

    Parameters
    ----------
    has_examples : bool
        Whether the simulated sky has examples for the model, so that a button offers them.
    """
    found = show_uploader(
        _AREA,
        f"pictures_{st.session_state.setdefault(_ROUND, 0)}",
        "Drop one or more pictures here, or a .zip of many",
        type=[*PICTURE_TYPES, _ZIP],
        accept_multiple_files=True,
        on_all_refused=_put_away,
        explains=False,
    )
    files = found if isinstance(found, list) else []
    st.caption(_describe_limits())
    with st.container(horizontal=True, vertical_alignment="center"):
        if has_examples:
            st.button(
                "Show me an example",
                key="example",
                icon=":material/auto_awesome:",
                on_click=_show_next_example,
            )
        st.toggle("Live camera", key=LIVE)
        camera_is_on = st.toggle("Photo", key=_CAMERA)
        paste_is_on = st.toggle("Paste", key=_PASTE)
        is_own_machine = get_access().allows(Action.READ_FOLDERS)
        folder_is_on = is_own_machine and st.toggle("Folder", key=_FOLDER)
    if folder_is_on:
        _ask_for_folder()
    if paste_is_on:
        files = [*files, *_ask_for_pasted()]
    if camera_is_on:
        files = [*files, *_ask_for_photo()]
    if files:
        _keep_uploads(files)
        st.rerun()


def show_left_out() -> None:
    """Draw which of the newest files were refused or left out, and why."""
    show_refused(_AREA)
    if reasons := st.session_state.get(_LEFT_OUT):
        n = len(reasons)
        st.warning(
            "1 file was left out." if n == 1 else f"{n:,} files were left out.",
            icon=":material/content_cut:",
        )
        show_reasons(reasons)


def _describe_limits() -> str:
    limits = get_limits()
    return (
        f"Up to {get_max_upload_mb()} MB per file. This server keeps up to "
        f"{limits.max_pictures:,} pictures ({limits.max_bytes // _MB:,} MB) for this page, until "
        f"you clear them or for {limits.max_age_s // _HOUR_S} hours after your last visit."
    )


def keep_pictures(pictures: Iterable[tuple[str, bytes]]) -> None:
    """Put pictures into the visitor's room, and remember which came, and why others were left out.

    Parameters
    ----------
    pictures : iterable of (str, bytes)
        Name and content of each file.
    """
    with _keeping() as room:
        for name, data in pictures:
            _keep_one(room, name, data)


@contextmanager
def _keeping() -> Iterator[AnswerRoom]:
    """Yield the visitor's room for new pictures, and note why they could not be kept."""
    _forget_last()
    st.session_state.pop(FOLDED, None)
    left_out: list[str] = []
    st.session_state[NEWEST], st.session_state[_LEFT_OUT] = [], left_out
    for supply in st.session_state.get(SUPPLIES, ()):  # which nobody took
        supply.close()
    st.session_state[SUPPLIES] = []
    try:
        require_space(Workspace.default())
        yield obtain_room()
    except ClusterError as error:
        left_out.append(str(error))
    if not st.session_state[NEWEST] and not st.session_state[SUPPLIES]:
        _fold()


def _keep_uploads(files: Sequence[UploadedFile]) -> None:
    with st.spinner("Storing the pictures …"):
        with _keeping() as room:
            for file in files:
                if file.name.lower().endswith(_ZIP):
                    _keep_archive(room, file)
                else:
                    _keep_one(room, unescape_name(file.name), file.getvalue())
        for file in files:
            forget_upload(file)
        # Before Streamlit can interrupt this script, at the end of the spinner.
        st.session_state[_ROUND] += 1


def _keep_archive(room: AnswerRoom, file: UploadedFile) -> None:
    """Keep a .zip, whose pictures are taken out while they are classified."""
    try:
        st.session_state[SUPPLIES].append(keep_archive(room, file.name, file))
    except ClusterError as error:
        st.session_state[_LEFT_OUT].append(f"{file.name}: {error}")


def _ask_for_folder() -> None:
    """Draw a field for a folder of this computer, whose pictures are copied and classified."""
    with st.form("folder_form", border=False, enter_to_submit=True):
        folder = st.text_input(
            "Folder on this computer",
            key="folder_path",
            placeholder="/home/me/night",
            help="Its pictures, and those of its sub-folders, are copied. Your files stay as they "
            "are.",
        )
        is_sent = st.form_submit_button("Classify this folder", icon=":material/folder_open:")
    if not is_sent or not folder.strip():
        return
    try:
        supply = find_folder(get_access(), folder.strip())
    except ClusterError as error:
        st.error(escape_markdown(str(error)), icon=":material/folder_off:")
        return
    with _keeping() as room:
        st.session_state[SUPPLIES].append(keep_folder(room, folder.strip(), supply))
    st.rerun()


def _keep_one(room: AnswerRoom, name: str, data: bytes) -> None:
    """Put a file into the room; note its number, or why it was left out."""
    left_out: list[str] = st.session_state[_LEFT_OUT]
    try:
        kept = room.add_picture(name, data)
    except ImageError as error:
        left_out.append(str(error))
        return
    if kept is None:
        left_out.append(f"{name} is in the table already.")
    else:
        st.session_state[NEWEST].append(kept.number)


def unescape_name(name: str) -> str:
    """Return the name that a file had before a browser escaped its quotation marks for a form."""
    return name.replace("%22", '"')


def _fold() -> None:
    """Put earlier answers away, so that none seems to be about a file that was refused."""
    st.session_state[FOLDED] = set()


def _ask_for_photo() -> list[UploadedFile]:
    photo = st.camera_input("Take a photo", key="camera")
    if photo is None or st.session_state.get(_PHOTO) == photo.file_id:
        return []
    st.session_state[_PHOTO] = photo.file_id
    return [photo]


def _put_away() -> None:
    """Leave nothing on the page that seems to be about the files that were just refused."""
    _forget_last()
    _fold()


def _forget_last() -> None:
    clear_outcome()
    for state in (EXAMPLE, _LEFT_OUT):
        st.session_state.pop(state, None)


def _ask_for_pasted() -> list[UploadedFile]:
    """Draw a paste field."""
    st.caption("Click the field, press Ctrl+V (Cmd+V on a Mac), then Enter.")
    # Outside a container, Streamlit would pin a chat input to the bottom of the window.
    entered = st.container().chat_input(
        "Paste pictures here", key="paste", accept_file="multiple", file_type=PICTURE_TYPES
    )
    if entered and not entered.files:
        st.info("You pasted text. Copy a picture, then paste it here.")
    return list(entered.files) if entered else []


def _show_next_example() -> None:
    st.session_state[EXAMPLE] = st.session_state.get(EXAMPLE, FIRST_EXAMPLE - 1) + 1
