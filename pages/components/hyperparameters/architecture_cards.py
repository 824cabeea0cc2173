"""The pretrained networks to choose from, as cards."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from cluster_core.model.backbones.converted import find_converted
from cluster_core.model.backbones.registry import (
    BYTES_PER_PARAMETER,
    SKY_BACKBONE,
    BackboneSpec,
    get_backbone,
)
from cluster_core.model.backbones.weights import find_weights
from cluster_core.training.insight.estimates import estimate_speed
from cluster_core.workspace import Workspace
from pages.components.settings_list import key_of

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
    "recommended",
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
FAMILIES = (SKY, MOBILENET, *OTHERS)
ARTICLE_MOBILENET = "mobilenet_0.50_224"


def find_family(architecture: str) -> Family | None:
    """Return the card that shows an architecture, or None."""
    return next((family for family in FAMILIES if architecture in family.names), None)


def show_architectures(workspace: Workspace) -> None:
    """Draw the cards: Sky, MobileNet and the selected network; the others in an expander."""
    chosen = st.session_state[key_of("architecture")]
    family = find_family(chosen)
    first = [SKY, MOBILENET]
    if family and family not in first:
        first.append(family)
    _show_cards(workspace, first, chosen, len(first))
    others = [other for other in OTHERS if other not in first]
    with st.expander(f"{len(others)} more networks", icon=":material/add:", key="more_networks"):
        st.caption(
            "All of these are pretrained on everyday photos. Each is downloaded once, on first use."
        )
        _show_cards(workspace, others, chosen, COLUMNS)


def is_ready(spec: BackboneSpec, workspace: Workspace) -> bool:
    """Return whether a network can be used without a download."""
    return (
        not spec.weights_file
        or find_weights(spec, workspace.models) is not None
        or find_converted(spec, workspace.backbones) is not None
    )


def _show_cards(workspace: Workspace, families: list[Family], chosen: str, n_columns: int) -> None:
    for start in range(0, len(families), n_columns):
        row = families[start : start + n_columns]
        for column, family in zip(st.columns(n_columns), row, strict=False):
            with column, st.container(border=True, key=f"card_{family.names[0]}"):
                _show_card(workspace, family, chosen)


def _show_card(workspace: Workspace, family: Family, chosen: str) -> None:
    is_chosen = chosen in family.names
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{family.title}**", width="content")
        if is_chosen:
            st.badge("selected", icon=":material/check:", color="green")
        if family.note:
            st.badge(family.note, color="gray")
    st.caption(family.sentence)
    spec = get_backbone(_choose_member(family, chosen))
    st.markdown(_describe(spec, workspace))
    st.button(
        "Selected" if is_chosen else f"Use {family.title}",
        key=f"use_{family.names[0]}",
        disabled=is_chosen,
        width="stretch",
        on_click=_choose,
        args=(spec.name,),
    )


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
    megabytes = spec.n_parameters * BYTES_PER_PARAMETER / 1e6
    availability = (
        ":green[:material/check_circle: ready to use]"
        if is_ready(spec, workspace)
        else f":orange[:material/download: {spec.download_mb:.0f} MB to download]"
    )
    return (
        f"{spec.n_parameters / 1e6:.1f} million parameters, {megabytes:.0f} MB  \n"
        f"{spec.n_features:,} features, {spec.input_size_px} px input  \n"
        f"{speed.ms:.{0 if speed.ms >= LONG_MS else 1}f} ms per picture, {source}  \n{availability}"
    )
