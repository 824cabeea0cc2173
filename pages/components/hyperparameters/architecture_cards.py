"""The pretrained networks to choose from, as cards."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from cluster_core.access import Action
from cluster_core.model.backbones.availability import needs_download
from cluster_core.model.backbones.registry import (
    BYTES_PER_PARAMETER,
    EVERYDAY_BACKBONE,
    SKY_BACKBONE,
    BackboneSpec,
    get_backbone,
)
from cluster_core.training.choice.decision import NetworkChoice
from cluster_core.training.insight.estimates import estimate_speed
from cluster_core.workspace import Workspace
from pages.components.hyperparameters.automatic_card import show_automatic_card
from pages.components.missing_network import show_missing_weights
from pages.components.settings_list import key_of
from pages.components.signed_in import get_access
from pages.components.words import format_percent

WIDTHS = ("0.25", "0.50", "0.75", "1.0")
SIZES_PX = (128, 160, 192, 224)
COLUMNS = 3
LONG_MS = 10


@dataclass(frozen=True)
class Family:
    """One card: a network, or several that differ only in size.

    Attributes
    ----------
    title, sentence : str
    names : tuple of str
        The architectures, as `get_backbone` takes them.
    note : str
        A badge beside the title.
    """

    title: str
    sentence: str
    names: tuple[str, ...]
    note: str = ""


SKY = Family(
    "Sky",
    "Made for this app: pretrained on simulated star fields, not on everyday things.",
    (SKY_BACKBONE.name,),
)
EVERYDAY = Family(
    "Everyday",
    "For anything but the sky: pretrained on a million everyday photos, and part of this app.",
    (EVERYDAY_BACKBONE.name,),
)
MOBILENET = Family(
    "MobileNet",
    "The 2018 article's network: small and fast, pretrained on a million everyday photos.",
    tuple(f"mobilenet_{width}_{size}" for width in WIDTHS for size in SIZES_PX),
    "used in the 2018 article",
)
OTHERS = (
    Family(
        "MobileNet V2",
        "MobileNet's successor: slightly larger and slightly more accurate.",
        ("mobilenet_v2",),
    ),
    Family(
        "MobileNet V3",
        "Made for phones: the fastest for its accuracy.",
        ("mobilenet_v3_small", "mobilenet_v3_large"),
    ),
    Family(
        "EfficientNet V2",
        "More accurate than MobileNet, but takes a few times as long.",
        ("efficientnet_v2_b0",),
    ),
    Family(
        "Inception v3",
        "The 2018 article's large network: takes larger pictures, so it sees finer detail.",
        ("inception_v3",),
    ),
    Family("ResNet 50", "A classic of picture recognition: large and thorough.", ("resnet50",)),
    Family(
        "ConvNeXt Tiny", "The most recent network here, and one of the slowest.", ("convnext_tiny",)
    ),
)
FAMILIES = (SKY, EVERYDAY, MOBILENET, *OTHERS)
ARTICLE_MOBILENET = "mobilenet_0.50_224"


def find_family(architecture: str) -> Family | None:
    """Return the card that shows an architecture, or None."""
    return next((family for family in FAMILIES if architecture in family.names), None)


def show_architectures(workspace: Workspace, choice: NetworkChoice | None) -> DeltaGenerator:
    """Draw the automatic choice and the selected network; the other networks in an expander.

    Parameters
    ----------
    workspace : Workspace
    choice : NetworkChoice or None
        The result of the trial on the chosen dataset, if there was one.

    Returns
    -------
    DeltaGenerator
        An empty element for the progress of a trial.
    """
    selected = find_family(st.session_state[key_of("architecture")])
    if selected is None:
        trial_area = show_automatic_card(choice)
    else:
        left, right = st.columns(2)
        with left:
            trial_area = show_automatic_card(choice)
        with right:
            _show_card(workspace, selected, choice)
    show_missing_weights(st.session_state[key_of("architecture")], workspace)
    may_add = get_access().allows(Action.ADD_NETWORKS)
    offered = FAMILIES if may_add else (SKY, EVERYDAY)
    others = [family for family in offered if family is not selected]
    with st.expander("Choose a network yourself", icon=":material/add:", key="more_networks"):
        st.caption(
            "Sky and Everyday are part of this app."
            + (
                " The others are pretrained on everyday photos, and each is downloaded once, on "
                "first use."
                if may_add
                else ""
            )
        )
        for start in range(0, len(others), COLUMNS):
            row = others[start : start + COLUMNS]
            for column, family in zip(st.columns(COLUMNS), row, strict=False):
                with column:
                    _show_card(workspace, family, choice)
    return trial_area


def is_ready(spec: BackboneSpec, workspace: Workspace) -> bool:
    """Return whether a network can be used without a download."""
    return not needs_download(spec, workspace)


def _show_card(workspace: Workspace, family: Family, choice: NetworkChoice | None) -> None:
    selected = st.session_state[key_of("architecture")]
    is_selected = selected in family.names
    with st.container(border=True, key=f"card_{family.names[0]}"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{family.title}**", width="content")
            if is_selected:
                st.badge("selected", icon=":material/check:", color="green")
            if choice is not None and choice.architecture in family.names:
                st.badge("recommended for these pictures", color="blue")
            if family.note:
                st.badge(family.note, color="gray")
        st.caption(family.sentence)
        spec = get_backbone(_choose_member(family, selected))
        st.markdown(
            _describe(spec, workspace) + _describe_trial(spec, choice), help=_describe_size(spec)
        )
        if not is_selected:
            st.button(
                f"Use {family.title}",
                key=f"use_{family.names[0]}",
                width="stretch",
                on_click=_choose,
                args=(spec.name,),
            )


def _describe_trial(spec: BackboneSpec, choice: NetworkChoice | None) -> str:
    figure = choice and choice.find_figure(spec.name)
    if not figure:
        return ""
    return f"  \n:material/experiment: {format_percent(figure.accuracy)} in the trial"


def _choose(name: str) -> None:
    st.session_state[key_of("architecture")] = name


def _choose_member(family: Family, chosen: str) -> str:
    """Draw the choice of a size, if there are several; return the selected architecture."""
    if family is MOBILENET:
        return _choose_mobilenet(chosen)
    if len(family.names) == 1:
        return family.names[0]
    key = f"size_{family.names[0]}"
    if chosen in family.names:
        st.session_state[key] = chosen
    st.session_state.setdefault(key, family.names[0])
    st.segmented_control(
        "Size",
        family.names,
        required=True,
        format_func=lambda name: name.rsplit("_", 1)[-1],
        key=key,
        help="The large one is more accurate but slower.",
        on_change=lambda: _follow(family, st.session_state[key]),
        persist_state="session",
    )
    return str(st.session_state[key])


def _choose_mobilenet(chosen: str) -> str:
    member = chosen if chosen in MOBILENET.names else ARTICLE_MOBILENET
    _, width, size = member.split("_")
    if chosen == member:
        st.session_state["mobilenet_width"], st.session_state["mobilenet_size"] = width, int(size)
    st.session_state.setdefault("mobilenet_width", width)
    st.session_state.setdefault("mobilenet_size", int(size))
    left, right = st.columns(2)
    left.selectbox(
        "Width",
        WIDTHS,
        key="mobilenet_width",
        help="How much of the full network to use: less is faster, more is more accurate. The "
        "2018 article used 0.50.",
        on_change=lambda: _follow(MOBILENET, _name_mobilenet()),
        persist_state="session",
    )
    right.selectbox(
        "Picture size",
        SIZES_PX,
        key="mobilenet_size",
        format_func=lambda size_px: f"{size_px} px",
        help="Pictures are resized to a square with sides of this length. The 2018 article used "
        "224.",
        on_change=lambda: _follow(MOBILENET, _name_mobilenet()),
        persist_state="session",
    )
    return _name_mobilenet()


def _name_mobilenet() -> str:
    width, size_px = (st.session_state[f"mobilenet_{part}"] for part in ("width", "size"))
    return f"mobilenet_{width}_{size_px}"


def _follow(family: Family, name: str) -> None:
    """Switch to another size, if the family is the selected one."""
    if st.session_state[key_of("architecture")] in family.names:
        _choose(name)


def _describe(spec: BackboneSpec, workspace: Workspace) -> str:
    speed = estimate_speed(workspace, spec.name)
    source = "measured here" if speed.is_measured else "estimated"
    availability = (
        ":green[:material/check_circle: ready to use]"
        if is_ready(spec, workspace)
        else f":orange[:material/download: {spec.download_mb:.0f} MB to download]"
    )
    return (
        f"{speed.ms:.{0 if speed.ms >= LONG_MS else 1}f} ms per picture, {source}  \n{availability}"
    )


def _describe_size(spec: BackboneSpec) -> str:
    megabytes = spec.n_parameters * BYTES_PER_PARAMETER / 1e6
    return (
        f"It has {spec.n_parameters / 1e6:.1f} million parameters ({megabytes:.0f} MB), takes "
        f"pictures of {spec.input_size_px} × {spec.input_size_px} px, and describes each by "
        f"{spec.n_features:,} numbers."
    )
