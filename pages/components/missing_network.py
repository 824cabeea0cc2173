"""Offer to get a network that this computer lacks: by a download, or by an upload."""

from __future__ import annotations

import streamlit as st

from cluster_core.access import Action
from cluster_core.model.backbones.availability import (
    explain_missing_network,
    has_imported_network,
    needs_download,
)
from cluster_core.model.backbones.obtaining import (
    Obtaining,
    Phase,
    find_obtaining,
    forget_obtaining,
    has_failed,
    start_download,
    start_upload,
)
from cluster_core.model.backbones.registry import BackboneSpec, get_backbone
from cluster_core.model.backbones.weights import list_weights_files
from cluster_core.model.backbones.weights_upload import WeightsFile
from cluster_core.model.bundle.summaries import ModelSummary
from cluster_core.training.config import AUTOMATIC
from cluster_core.workspace import Workspace
from pages.components.outcome import attempt
from pages.components.signed_in import get_access
from pages.components.text import escape_markdown
from pages.components.upload_limit import show_uploader
from pages.components.words import name_network

REDRAW_EVERY_S = 0.5
_MEGA = 1e6


def show_missing_weights(
    architecture: str, workspace: Workspace, *, was_tried: bool = False
) -> None:
    """Draw how to get the weights that a training needs, unless they are there.

    Parameters
    ----------
    architecture : str
        The network to train with, or `auto`, which takes only networks that are there.
    workspace : Workspace
        Has the weights, or not.
    was_tried : bool
        Whether a training failed to download them.
    """
    if architecture == AUTOMATIC or not get_access().allows(Action.ADD_NETWORKS):
        return
    spec = get_backbone(architecture)
    if not needs_download(spec, workspace):
        return
    what = "is not on this computer yet"
    if has_imported_network(spec, workspace):
        what = "came with a model and can only answer: a training needs its weights"
    advice = "A training downloads it first. You can also get it now, or choose another network."
    if was_tried or has_failed(spec, workspace):
        advice = "Get it in one of these ways, or choose another network."
    with st.container(border=True, key="missing_network"):
        st.markdown(
            f":material/download: **{escape_markdown(name_network(spec.name))} {what}.** {advice}"
        )
        _show_ways(spec, workspace)


def show_missing_network(model: ModelSummary, workspace: Workspace) -> None:
    """Draw which network a model lacks, and how to get it.

    Parameters
    ----------
    model : ModelSummary
        A model with `lacks_network`.
    workspace : Workspace
        The workspace that lacks it.
    """
    spec = get_backbone(model.architecture)
    sentence = explain_missing_network(spec.name, model.weights_sha256, workspace)
    named = f"the network {name_network(spec.name)}"
    sentence = sentence.replace(f"the network {spec.name}", named)
    st.warning(
        f"This model cannot be used yet. {escape_markdown(sentence)}",
        icon=":material/extension_off:",
    )
    if spec.weights_file and get_access().allows(Action.ADD_NETWORKS):
        _show_ways(spec, workspace)


def _show_ways(spec: BackboneSpec, workspace: Workspace) -> None:
    """Draw the progress of a running attempt; or the last failure, and buttons to try."""
    obtaining = find_obtaining(spec, workspace)
    if obtaining is not None and not obtaining.is_over:
        st.fragment(_show_progress, run_every=REDRAW_EVERY_S)(obtaining)
        return
    if obtaining is not None and not obtaining.was_stopped:
        name = name_network(spec.name)
        problem = obtaining.problem.replace(f"weights of {spec.name}", f"weights of {name}")
        problem = problem or f"{name} was added, but with other weights than this needs."
        st.error(escape_markdown(problem), icon=":material/error:")
    if not (workspace.models / spec.weights_file).is_file():
        st.button(
            f"Download the network ({spec.download_mb:.0f} MB)",
            key=f"download_{spec.name}",
            icon=":material/download:",
            on_click=_start_download,
            args=(spec, workspace),
        )
    with st.expander("Upload the file with the weights", icon=":material/upload_file:"):
        _show_upload(spec, workspace)


def _show_progress(obtaining: Obtaining) -> None:
    if obtaining.is_over:
        st.rerun()
    name = escape_markdown(name_network(obtaining.spec.name))
    done, total = obtaining.done_bytes, obtaining.total_bytes
    share, text = 1.0, f"{obtaining.phase} {name}, which takes up to a minute …"
    if obtaining.phase is Phase.DOWNLOAD:
        share = done / total if total else 0.0
        size = f"{done / _MEGA:.1f} of {total / _MEGA:.1f} MB" if total else "connecting …"
        text = f"{obtaining.phase} {name}: {size}"
    if obtaining.was_stopped:
        text = "Stopping …"
    with st.container(horizontal=True, vertical_alignment="center", key="obtaining"):
        st.progress(min(1.0, share), text=text, width="stretch")
        st.button(
            "Stop",
            key="stop_obtaining",
            icon=":material/stop_circle:",
            disabled=obtaining.was_stopped,
            on_click=obtaining.stop,
        )


def _show_upload(spec: BackboneSpec, workspace: Workspace) -> None:
    own_name, keras_name = list_weights_files(spec)
    st.caption(
        f"On a computer with a connection, download `{keras_name}` from "
        f"[Keras]({spec.weights_url}). A file of your own weights, named `{own_name}`, works too."
    )
    file = show_uploader(
        "weights_upload", f"weights_{spec.name}", "A file with weights", type=["h5"]
    )
    taken = f"weights taken {spec.name}"
    if file is None or isinstance(file, list):
        st.session_state.pop(taken, None)
        return
    if st.session_state.get(taken) != file.file_id:
        st.session_state[taken] = file.file_id
        attempt(
            lambda: _drop(start_upload(get_access(), spec, WeightsFile(file.name, file), workspace))
        )
        st.rerun()


def _start_download(spec: BackboneSpec, workspace: Workspace) -> None:
    forget_obtaining(spec, workspace)
    attempt(lambda: _drop(start_download(get_access(), spec, workspace)))


def _drop(_: Obtaining) -> None:
    """Let `attempt` know that there is no outcome yet."""
