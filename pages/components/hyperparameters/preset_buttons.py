"""Buttons that set all settings at once, for a purpose."""

from __future__ import annotations

import streamlit as st

from cluster_core.model.backbones.obtaining import has_failed
from cluster_core.model.backbones.registry import get_backbone
from cluster_core.training.config import AUTOMATIC
from cluster_core.training.presets import PRESETS, Preset, find_preset
from cluster_core.workspace import Workspace
from pages.components.hyperparameters.architecture_cards import is_ready
from pages.components.settings_form import get_settings, put_settings
from pages.components.signed_in import get_access

ARTICLE_URL = "https://codelabs.developers.google.com/codelabs/tensorflow-for-poets/"
LABELS = {"Article": "2018 article"}
LINKS = {"Article": f" [Read it]({ARTICLE_URL})."}
ICONS = {
    "Quick": ":material/bolt:",
    "Article": ":material/history_edu:",
    "Best": ":material/award_star:",
}


def show_presets(workspace: Workspace) -> None:
    """Draw one button per preset, with its description; mark the one that is set."""
    current = find_preset(get_settings())
    offered = {name: one for name, one in PRESETS.items() if _may_use(one, workspace)}
    for column, (name, preset) in zip(st.columns(len(offered)), offered.items(), strict=True):
        label = LABELS.get(name, name)
        with column:
            st.button(
                f"{label} (selected)" if name == current else label,
                key=f"preset_{name.lower()}",
                icon=":material/check:" if name == current else ICONS[name],
                width="stretch",
                on_click=put_settings,
                args=(preset.settings,),
            )
            st.caption(
                preset.sentence + LINKS.get(name, "") + _describe_download(preset, workspace)
            )


def _may_use(preset: Preset, workspace: Workspace) -> bool:
    """Tell whether a preset's network is installed, or this user may add it."""
    architecture = preset.settings["architecture"]
    is_there = architecture == AUTOMATIC or is_ready(get_backbone(architecture), workspace)
    return is_there or get_access().root is None


def _describe_download(preset: Preset, workspace: Workspace) -> str:
    if preset.settings["architecture"] == AUTOMATIC:
        return ""
    spec = get_backbone(preset.settings["architecture"])
    if is_ready(spec, workspace):
        return ""
    if has_failed(spec, workspace):
        return " Its network is not on this computer yet."
    return f" Its network is downloaded first ({spec.download_mb:.0f} MB)."
