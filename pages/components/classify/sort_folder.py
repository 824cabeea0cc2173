"""Sort the pictures of a folder on this computer: look, confirm, sort, and undo."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import streamlit as st

from cluster_core.access import Action
from cluster_core.errors import ClusterError
from cluster_core.model.bundle.summaries import ModelSummary
from cluster_core.sorting.finding import check_output, check_sources, check_workspace
from cluster_core.sorting.last_sort import load_last_sort
from cluster_core.sorting.log import LOG
from cluster_core.sorting.records import Transfer
from cluster_core.sorting.sorter import SortSettings
from cluster_core.sorting.unsure import create_unsure_queue
from pages.components.classify.label_unsure import start_queue
from pages.components.classify.sort_folder_work import (
    FolderSort,
    start_looking,
    start_sorting,
    start_undoing,
)
from pages.components.long_work import is_working
from pages.components.outcome import Outcome, set_outcome
from pages.components.signed_in import get_access, get_workspace
from pages.components.text import escape_markdown

_FOLDER, _OUTPUT, _TRANSFER, _CARDS = "sort_source", "sort_output", "sort_transfer", "sort_cards"
_TRANSFERS = {
    Transfer.COPY: ("Copy", "Copies", "The originals stay. Undo removes the copies."),
    Transfer.LINK: ("Link", "Links", "No space is needed; a link opens the original."),
    Transfer.MOVE: ("Move", "Moves", "The originals change their folder. Undo moves them back."),
}
# What was looked at, until it is sorted.
_LOOKED = "folder looked at"


def show_sort_folder(model: ModelSummary) -> None:
    """Draw the form that sorts a folder, for somebody who sits at this computer."""
    if not get_access().allows(Action.SORT_FILES):
        return
    _recall_last()
    looked: FolderSort | None = st.session_state.get(_LOOKED)
    with st.expander(
        "Sort a folder on this computer",
        icon=":material/drive_file_move:",
        expanded=looked is not None or _has_log(st.session_state.get(_OUTPUT) or ""),
        key="sort_folder",
    ):
        st.caption(
            "Puts the files of a folder into one folder for each class, unsure and none of these. "
            "For pictures that you added above, tick them in the table and choose Download sorted."
        )
        if looked is not None and looked.model.id == model.id and not is_working():
            _show_preview(looked)
        else:
            _show_form(model)


def _recall_last() -> None:
    """In a new session, name the folders of the last sort, while it can be taken back."""
    if _FOLDER in st.session_state:
        return
    last = load_last_sort(get_workspace())
    if last is not None and _has_log(last.output):
        st.session_state[_FOLDER], st.session_state[_OUTPUT] = last.folder, last.output


def _show_form(model: ModelSummary) -> None:
    folder, output = _ask_folders()
    transfer, with_cards = _ask_transfer()

    def look() -> None:
        try:
            settings = SortSettings(_make_absolute(output), transfer, with_cards)
            source = _make_absolute(folder)
            check_sources([source], settings.output)
            check_workspace([source], settings.output, transfer)
            if not source.is_dir():
                raise ValueError(f"{source} is a file: give its folder.")
            check_output(settings.output)
        except (ClusterError, ValueError) as error:
            set_outcome(Outcome(str(error), is_good=False))
            return
        start_looking(FolderSort(model, source, settings), _LOOKED)

    with st.container(horizontal=True, key="sort_buttons"):
        st.button(
            "Look at the pictures",
            key="sort_look",
            type="primary",
            icon=":material/visibility:",
            disabled=not folder or is_working(),
            help="Classifies them and shows the counts. Nothing is touched yet.",
            on_click=look,
        )
        if output and _has_log(output):
            _show_earlier(Path(output))


def _ask_folders() -> tuple[str, str]:
    """Return the folder with pictures and the one to sort into, as typed; both may be empty."""
    folder = st.text_input(
        "Folder with pictures",
        key=_FOLDER,
        placeholder="/home/me/night",
        persist_state="session",
        help="The full path. Sub-folders are included; hidden files are not.",
    ).strip()
    proposed = f"{folder} sorted" if folder else ""
    output = st.text_input(
        "Sort into",
        key=_OUTPUT,
        placeholder=proposed or "/home/me/night sorted",
        persist_state="session",
        help="A folder that is not inside the first one; it is created if it is missing. If this "
        "is empty, the folder named here in grey is used.",
    ).strip()
    return folder, output or proposed


def _ask_transfer() -> tuple[Transfer, bool]:
    """Return how files get into their folders, and whether the answer goes into FITS headers."""
    chosen = st.segmented_control(
        "What to do with the files",
        list(_TRANSFERS),
        format_func=lambda one: _TRANSFERS[one][0],
        default=None if _TRANSFER in st.session_state else Transfer.COPY,
        required=True,
        key=_TRANSFER,
        persist_state="session",
    )
    transfer = Transfer(chosen or Transfer.COPY)
    st.caption(_TRANSFERS[transfer][2])
    with_cards = transfer is Transfer.COPY and st.checkbox(
        "Write the answer into the headers of the copied FITS files",
        key=_CARDS,
        persist_state="session",
        help="Adds the cards CLASS, CLASSP (score) and CLMODEL; nothing else changes.",
    )
    return transfer, with_cards


def _make_absolute(text: str) -> Path:
    """Return a typed path; raise ValueError, with a sentence, if it depends on where one is."""
    path = Path(text)
    with suppress(RuntimeError):  # ~ of a user who does not exist
        path = path.expanduser()
    if not path.is_absolute() or "\0" in text:
        raise ValueError(f"{text} is not a full path: type one such as /home/me/night.")
    return path


def _has_log(output: str) -> bool:
    try:
        return (_make_absolute(output) / LOG).is_file()
    except (OSError, ValueError):
        return False


def _show_earlier(output: Path) -> None:
    """Draw what can be done with a folder that was sorted into before."""
    output = output.expanduser()
    st.button(
        "Undo the earlier sort",
        key="sort_undo",
        icon=":material/undo:",
        help=f"Undoes what was sorted into {escape_markdown(str(output))}; changed files stay.",
        on_click=lambda: set_outcome(start_undoing(output)),
    )
    st.button(
        "Label the unsure ones",
        key="sort_label",
        icon=":material/new_label:",
        help="Puts them into a queue on the page Label, from where they can go into a dataset.",
        on_click=lambda: start_queue(
            lambda: create_unsure_queue(get_access(), get_workspace(), output)
        ),
    )


def _show_preview(looked: FolderSort) -> None:
    """Draw the counts, and ask for confirmation."""
    settings, counts = looked.settings, looked.count()
    verb, verbs, remark = _TRANSFERS[settings.transfer]
    n_sorted = counts.total()
    noun = "picture" if n_sorted == 1 else "pictures"
    st.markdown(
        f"{verbs} **{n_sorted:,} {noun}** from {escape_markdown(str(looked.folder))} into "
        f"{escape_markdown(str(settings.output))}:"
    )
    lines = [f"- {escape_markdown(name)}: {count:,}" for name, count in counts.most_common()]
    if n_left := len(looked.answers) - n_sorted:
        lines.append(f"- could not be used, and left where they are: {n_left:,}")
    if n_before := looked.n_before:
        lines.append(f"- sorted before, and left out: {n_before:,}")
    st.markdown("\n".join(lines))
    st.caption(f"{remark} Nothing is overwritten.")
    with st.container(horizontal=True, key="sort_buttons"):
        if n_sorted:
            st.button(
                f"{verb} {n_sorted:,} {noun}",
                key="sort_confirm",
                type="primary",
                icon=":material/drive_file_move:",
                on_click=start_sorting,
                args=(looked, _LOOKED),
            )
        st.button("Back", key="sort_cancel", on_click=lambda: st.session_state.pop(_LOOKED, None))
