"""Export the opened model: choose a format, watch the progress, download the file."""

from __future__ import annotations

import streamlit as st

from cluster_core.errors import BackboneError, ClusterError
from cluster_core.model.backbones.availability import find_network
from cluster_core.model.backbones.registry import get_backbone
from cluster_core.model.bundle.selection import model_dir
from cluster_core.model.bundle.summaries import ModelSummary
from cluster_core.model.export.background import (
    Export,
    find_export,
    forget_export,
    start_export,
)
from cluster_core.model.export.exporting import Phase
from cluster_core.model.export.formats import FORMATS, ExportFormat, find_obstacle
from cluster_core.model.export.request import ExportRequest
from cluster_core.workspace import Workspace
from pages.components.outcome import Outcome, attempt
from pages.components.signed_in import get_access, get_workspace
from pages.components.text import escape_markdown

REDRAW_EVERY_S = 0.5
# From measured times; a slower computer makes the bar wait there.
_USUAL_S = 40.0
_LONGEST_WRITING_SHARE, _SHARE_OF_CHECK = 0.6, 0.7
_KINDS = list(FORMATS)
_OWN, _SET_ASIDE = "export of this session", "export of another session"


def show_exporting(model: ModelSummary) -> None:
    """Draw the choice of a format, the export on its way, or its result.

    Parameters
    ----------
    model : ModelSummary
        A model that can answer.
    """
    workspace = get_workspace()
    running = find_export(workspace)
    is_busy = running is not None and not running.is_over
    own: Export | None = st.session_state.get(_OWN)
    has_own = own is not None and _is_of(own, model, workspace)
    export = own if has_own else running  # another session's may be what somebody waits for
    if export is st.session_state.get(_SET_ASIDE):
        export = None
    is_of_model = export is not None and _is_of(export, model, workspace)
    with st.expander(
        "Export to another format",
        icon=":material/output:",
        expanded=is_of_model,
        key=f"exporting_{model.id}",
    ):
        kind = _choose_format(model, workspace, is_busy=is_busy)
        if export is not None and is_of_model:
            _show_export(export, workspace)
        elif is_busy:
            st.info("Another model is being exported: wait until it is finished.")
        else:
            _show_start(model, kind, workspace)


def _is_of(export: Export, model: ModelSummary, workspace: Workspace) -> bool:
    try:
        return export.request.model == model_dir(workspace, model.id)
    except ClusterError:
        return False


def _choose_format(model: ModelSummary, workspace: Workspace, *, is_busy: bool) -> ExportFormat:
    st.markdown(
        "Each file is tried on 32 pictures before you get it, in a fresh process without Cluster "
        "Lab; of the web page, only its network and last layer."
    )
    return st.radio(
        "Format",
        _KINDS,
        format_func=lambda kind: FORMATS[kind].title,
        captions=[FORMATS[kind].purpose for kind in _KINDS],
        key=f"export_format_{model.id}",
        disabled=is_busy,
        on_change=_forget_own,
        args=(model, workspace),
    )


def _show_start(model: ModelSummary, kind: ExportFormat, workspace: Workspace) -> None:
    obstacle = _find_obstacle(model, kind, workspace)
    if obstacle:
        st.info(escape_markdown(obstacle), icon=":material/info:")
        return
    is_int8 = kind is ExportFormat.TFLITE and st.checkbox(
        "Numbers of 8 bits: a quarter to half of the size, and a little less exact",
        key=f"export_int8_{model.id}",
        help="The loss is measured on 100 pictures, and shown with the file.",
    )
    st.button(
        "Export",
        key="export",
        icon=":material/output:",
        on_click=_start,
        args=(model, kind, is_int8, workspace),
    )


def _find_obstacle(model: ModelSummary, kind: ExportFormat, workspace: Workspace) -> str:
    spec = get_backbone(model.architecture)
    try:
        network = find_network(spec, model.weights_sha256, workspace)
    except BackboneError as error:  # a file that ships with the program was altered
        return str(error)
    return find_obstacle(kind, spec.name, runs_on_litert=network is None or network.runs_on_litert)


def _start(model: ModelSummary, kind: ExportFormat, is_int8: bool, workspace: Workspace) -> None:
    def act() -> Outcome | None:
        request = ExportRequest(model_dir(workspace, model.id), kind, is_int8)
        st.session_state[_OWN] = start_export(get_access(), request, workspace)
        return None

    attempt(act)


def _forget_own(model: ModelSummary, workspace: Workspace) -> None:
    """Forget this session's export of the model; those of others stay for them."""
    export: Export | None = st.session_state.get(_OWN)
    if export is not None and _is_of(export, model, workspace):
        _forget(export, workspace)


def _forget(export: Export, workspace: Workspace) -> None:
    if st.session_state.get(_OWN) is export:
        forget_export(get_access(), workspace, export)
        del st.session_state[_OWN]
    else:  # somebody else may be about to download it
        st.session_state[_SET_ASIDE] = export


def _show_export(export: Export, workspace: Workspace) -> None:
    if not export.is_over:
        st.fragment(_show_progress, run_every=REDRAW_EVERY_S)(export)
        return
    title = FORMATS[export.request.kind].title
    if export.was_stopped:
        st.info(f"The export as {title} was stopped.")
    elif export.problem:
        st.error(escape_markdown(export.problem), icon=":material/error:")
    else:
        _show_download(export, title)
    st.button(
        "Export again",
        key="export_again",
        on_click=_forget,
        args=(export, workspace),
    )


def _show_download(export: Export, title: str) -> None:
    if not export.path.is_file():
        st.info("The file has been deleted since: export the model again.")
        return
    checked = f" {export.check.describe()}" if export.check else ""
    st.success(f"{title} is ready.{checked}", icon=":material/check:")
    st.download_button(
        f"Download {title} ({export.path.stat().st_size / 1e6:.1f} MB)",
        export.path.read_bytes,
        file_name=export.path.name,
        mime="application/octet-stream",
        key="download_export",
        type="primary",
        icon=":material/download:",
        on_click="ignore",
    )


def _show_progress(export: Export) -> None:
    if export.is_over:
        st.rerun()
    share = min(export.seconds / _USUAL_S, _LONGEST_WRITING_SHARE)
    if export.phase is Phase.CHECKING:
        share = _SHARE_OF_CHECK
    text = "Stopping …" if export.was_stopped else f"{export.phase} … {export.seconds:.0f} s"
    with st.container(horizontal=True, vertical_alignment="center", key="export_progress"):
        st.progress(share, text=text, width="stretch")
        st.button(
            "Stop",
            key="stop_export",
            icon=":material/stop_circle:",
            disabled=export.was_stopped,
            on_click=export.stop,
        )
